# SPDX-License-Identifier: Apache-2.0
"""The unit: systemd takes it, its exposure is low, the binary runs under it."""
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys

import deploy

sys.path.insert(0, str(deploy.ROOT / "tests" / "e2e"))
import world as e2e  # pylint: disable=wrong-import-position

SYSTEMD = deploy.DEPLOY / "systemd"
UNIT = SYSTEMD / "cloudwatch-mcp.service"
# In tenths. What remains is the network, which it is for.
EXPOSURE_MAX = "15"
CODE = """
import ctypes, errno, os, socket
def refused(call):
    try:
        call()
    except OSError as error:
        return error.errno == errno.EPERM
libc = ctypes.CDLL(None, use_errno=True)
def mmap(prot):
    libc.mmap.restype = ctypes.c_void_p
    if libc.mmap(None, 4096, prot, 0x22, -1, 0) == 2 ** 64 - 1:
        raise OSError(ctypes.get_errno(), "mmap")
assert refused(lambda: socket.socket(socket.AF_UNIX)), "AF_UNIX"
assert refused(lambda: socket.socket(16, socket.SOCK_RAW)), "AF_NETLINK"
socket.socket(socket.AF_INET).close()
socket.socket(socket.AF_INET6).close()
assert refused(lambda: mmap(7)), "writable and executable memory"
mmap(3)
assert refused(lambda: os.sched_setscheduler(0, os.SCHED_FIFO,
               os.sched_param(1))), "scheduling"
assert refused(lambda: os.chroot("/tmp")), "chroot"
assert refused(lambda: libc.reboot(0) and None or
               (_ for _ in ()).throw(OSError(ctypes.get_errno(), "")))
try:
    open("/etc/written", "w")
    raise AssertionError("the root is writable")
except OSError as error:
    assert error.errno == errno.EROFS, error
assert os.getuid() == 61184
print("confined")
"""


def place(folder, *names):
    """The unit with drop-ins, for a binary where ours is."""
    unit = pathlib.Path(folder) / "cloudwatch-mcp.service"
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(
        "/usr/local/bin/cloudwatch-mcp", deploy.program()), encoding="utf-8")
    if names:
        drop = pathlib.Path(folder) / "cloudwatch-mcp.service.d"
        drop.mkdir()
        for name in names:
            shutil.copy(SYSTEMD / name, drop)
    return unit


def drop_ins():
    return sorted(p.name for p in SYSTEMD.glob("*.conf"))


def systemd_takes_the_unit_and_its_drop_ins():
    for names in [(), *((n,) for n in drop_ins()), tuple(drop_ins())]:
        with deploy.folder() as folder:
            said = subprocess.run(
                ["systemd-analyze", "verify", place(folder, *names)],
                capture_output=True, text=True, check=False)
            assert said.returncode == 0 and not said.stderr, \
                (names, said.stderr)


def systemd_sees_a_planted_fault():
    with deploy.folder() as folder:
        unit = place(folder)
        unit.write_text(unit.read_text(encoding="utf-8").replace(
            "ProtectHome=yes", "ProtectHomes=yes"), encoding="utf-8")
        said = subprocess.run(["systemd-analyze", "verify", unit],
                              capture_output=True, text=True, check=False)
        assert "ProtectHomes" in said.stderr, said


def exposure(unit):
    return subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager",
         f"--threshold={EXPOSURE_MAX}", unit], capture_output=True,
        text=True, check=False).returncode


def little_is_exposed():
    with deploy.folder() as folder:
        unit = place(folder)
        assert exposure(unit) == 0
        text = unit.read_text(encoding="utf-8")
        for line in ("SystemCallFilter=@system-service",
                     "CapabilityBoundingSet=", "DynamicUser=yes"):
            unit.write_text(text.replace(line + "\n", ""), encoding="utf-8")
            assert exposure(unit) != 0, line


def it_is_stopped_after_it_has_drained():
    text = UNIT.read_text(encoding="utf-8")
    assert "TimeoutStopSec=40\n" in text
    helped = deploy.command(deploy.program(), "--help")
    said = helped[helped.index("--drain-timeout VALUE"):][:300]
    assert "default: 25" in said, said


def confined(*words, **more):
    """A command as the unit confines it."""
    return [sys.executable, deploy.HERE / "sandbox.py", UNIT, *words]


def the_sandbox_confines():
    said = deploy.command(*confined("/usr/bin/python3", "-c", CODE))
    assert said == "confined\n", said


def the_binary_serves_in_the_sandbox():
    """Sockets, TLS to AWS, workers, a drain; with nothing else allowed."""
    with deploy.folder() as folder:
        wrapper = pathlib.Path(folder) / "confined"
        words = " ".join(f"'{w}'" for w in confined(deploy.program()))
        wrapper.write_text(f"#!/bin/sh\nexec {words} \"$@\"\n",
                           encoding="utf-8")
        wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
        the_world = e2e.World(deploy.program())
        try:
            the_world.program = str(wrapper)
            server = e2e.Server(the_world, the_world.aws())
            for tool in ("whoami", "get_active_alarms", "list_metrics"):
                result = server.call(tool)
                assert not result.get("isError"), result
            pid = confined_pid(server)
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                text = f.read()
            assert "Seccomp:\t2\n" in text and "NoNewPrivs:\t1\n" in text, text
            assert "CapEff:\t0000000000000000\n" in text, text
            os.kill(pid, signal.SIGTERM)
            server.process.wait(20)
            assert server.log()[-1]["message"] == "drained", server.log()
        finally:
            the_world.close()


def confined_pid(server):
    """The server itself, below the shell and bubblewrap."""
    pid = server.process.pid
    while True:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
        if not children:
            return pid
        pid = int(children[0])


deploy.run([systemd_takes_the_unit_and_its_drop_ins,
            systemd_sees_a_planted_fault, little_is_exposed,
            it_is_stopped_after_it_has_drained, the_sandbox_confines,
            the_binary_serves_in_the_sandbox])
