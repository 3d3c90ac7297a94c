# SPDX-License-Identifier: Apache-2.0
"""sandbox.py UNIT WORD...: runs a command as the systemd unit would confine it.

For machines whose process 1 is not systemd. The seccomp filter is made from
the unit's own lines: SystemCallFilter (groups resolved by systemd-analyze),
RestrictAddressFamilies, MemoryDenyWriteExecute. bubblewrap does the rest: a
read-only root without homes, a tmpfs for what PrivateTmp gives, few devices, no
capability, an unprivileged uid, NoNewPrivileges. x86-64 only.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

EPERM = 1
ALLOW, ERRNO, KILL = 0x7fff0000, 0x00050000 | EPERM, 0x80000000
ARCH_X86_64 = 0xc000003e
LOAD, JEQ, JSET, AND, RET = 0x20, 0x15, 0x45, 0x54, 0x06
NUMBER_AT, ARCH_AT, ARGS_AT = 0, 4, 16
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
PROT_WRITE, PROT_EXEC = 2, 4


def lines_of(unit, key):
    with open(unit, encoding="utf-8") as f:
        return [m.group(1) for m in (re.match(rf"{key}=(.*)$", line)
                                     for line in f) if m]


def numbers():
    """System calls of this architecture, from the kernel's header."""
    path = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"
    with open(path, encoding="ascii") as f:
        return {m.group(1): int(m.group(2)) for m in re.finditer(
            r"#define __NR_(\w+) (\d+)", f.read())}


def group(name, seen=None):
    """The calls of a group of systemd's, groups inside it included."""
    seen = set() if seen is None else seen
    if not name.startswith("@"):
        return {name}
    if name in seen:
        return set()
    seen.add(name)
    text = subprocess.run(["systemd-analyze", "--no-pager", "syscall-filter",
                           name], check=True, capture_output=True,
                          text=True).stdout
    words = [line.strip() for line in text.splitlines()[1:]]
    found = set()
    for word in words:
        if word and not word.startswith("#"):
            found |= group(word, seen)
    return found


def allowed(unit):
    calls = set()
    for line in lines_of(unit, "SystemCallFilter"):
        for name in line.lstrip("~").split():
            if line.startswith("~"):
                calls -= group(name)
            else:
                calls |= group(name)
    # What systemd always adds to a list that allows.
    return calls | group("@default")


def step(code, k, yes=0, no=0):
    return struct.pack("=HBBI", code, yes, no, k)


def program(unit):
    """The filter as classic BPF."""
    known = numbers()
    out = [step(LOAD, ARCH_AT), step(JEQ, ARCH_X86_64, 1, 0),
           step(RET, KILL), step(LOAD, NUMBER_AT)]
    families = [FAMILIES[f] for f in
                " ".join(lines_of(unit, "RestrictAddressFamilies")).split()]
    block = [step(LOAD, ARGS_AT)]
    for n, family in enumerate(families):
        block.append(step(JEQ, family, len(families) - n, 0))
    block += [step(RET, ERRNO), step(RET, ALLOW)]
    out += [step(JEQ, known["socket"], 0, len(block)), *block]
    if lines_of(unit, "MemoryDenyWriteExecute") == ["yes"]:
        for call in ("mmap", "mprotect", "pkey_mprotect"):
            block = [step(LOAD, ARGS_AT + 2 * 8)]
            if call == "mmap":
                block.append(step(AND, PROT_WRITE | PROT_EXEC))
                block.append(step(JEQ, PROT_WRITE | PROT_EXEC, 0, 1))
            else:
                block.append(step(JSET, PROT_EXEC, 0, 1))
            block += [step(RET, ERRNO), step(RET, ALLOW)]
            out += [step(JEQ, known[call], 0, len(block)), *block]
    for call in sorted(allowed(unit)):
        if call in known:
            out += [step(JEQ, known[call], 0, 1), step(RET, ALLOW)]
    out.append(step(RET, ERRNO))
    assert len(out) <= 4096, "the kernel takes no longer filter"
    return b"".join(out)


def main():
    unit, words = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryFile() as f:
        f.write(program(unit))
        f.seek(0)
        os.set_inheritable(f.fileno(), True)
        os.execvp("bwrap", [
            "bwrap", "--ro-bind", "/", "/", "--tmpfs", "/home", "--tmpfs",
            "/root", "--dev", "/dev", "--proc", "/proc",
            *os.environ.get("SANDBOX_BIND", "").split(),
            "--unshare-user", "--uid", "61184", "--gid", "61184",
            "--unshare-ipc", "--unshare-pid", "--cap-drop", "ALL",
            "--die-with-parent", "--seccomp", str(f.fileno()), *words])


if __name__ == "__main__":
    main()
