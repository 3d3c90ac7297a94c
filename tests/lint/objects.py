#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of compiled objects: tests/lint/objects.py FOLDER CHECK...

FOLDER holds the objects of src/, as build/release/src. Checks: purity (what
an object imports, against purity.txt), links (an object uses only what its
layer may include, the table of text.py), globals (no writable data outside
main.c: state has an owner and is passed).
"""
import fnmatch
import pathlib
import subprocess
import sys

import text


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def load(folder):
    """Object name -> (imported symbols, exported symbols)."""
    objects = {}
    for path in sorted(pathlib.Path(folder).rglob("*.o")):
        name = str(path.relative_to(folder))[:-2]
        # A renamed source leaves its object behind.
        if not pathlib.Path("src", name + ".c").exists():
            continue
        wanted, given = set(), set()
        for line in run("nm", "-P", str(path)).splitlines():
            symbol, kind = line.split()[:2]
            if kind in "Uwv":
                wanted.add(symbol)
            elif kind.isupper():
                given.add(symbol)
        objects[name] = (wanted - {"_GLOBAL_OFFSET_TABLE_"}, given)
    return objects


def check_purity(objects, _):
    rules = []
    rule_file = pathlib.Path(__file__).with_name("purity.txt")
    for line in rule_file.read_text().splitlines():
        if line and not line.startswith("#"):
            pattern, *symbols = line.split()
            rules.append((pattern, set(symbols)))
    own = set().union(*(given for _, given in objects.values()))
    for name, (wanted, _) in objects.items():
        mine = [s for p, s in rules if fnmatch.fnmatch(name, p)]
        if not mine:
            continue
        for symbol in sorted(wanted - own - set().union(*mine)):
            if not symbol.startswith("br_"):
                yield f"src/{name}.c: imports {symbol}"


def check_links(objects, _):
    home = {s: name for name, (_, given) in objects.items() for s in given}
    for name, (wanted, _) in objects.items():
        layer = text.root_layer(name.split("/")[0])
        if layer == "main":
            continue
        for symbol in sorted(wanted & home.keys()):
            target = home[symbol]
            allowed = text.LAYERS.get(layer, [])
            if text.root_layer(target.split("/")[0]) not in \
                    [layer, *allowed] \
                    and target + ".h" not in allowed:
                yield f"src/{name}.c: uses {symbol} of src/{target}.c"


def check_globals(objects, folder):
    for name in objects:
        if name == "main":
            continue
        listing = run("size", "-A", f"{folder}/{name}.o")
        for line in listing.splitlines():
            fields = line.split()
            if len(fields) == 3 and fields[1].isdigit() and int(fields[1]) \
                    and fields[0].startswith((".data", ".bss", ".tbss")) \
                    and not fields[0].startswith(".data.rel.ro"):
                yield (f"src/{name}.c: {fields[1]} bytes of writable global "
                       f"data in {fields[0]}")


def main(folder, names):
    objects = load(folder)
    bad = 0
    for name in names or ("purity", "links", "globals"):
        for complaint in globals()["check_" + name](objects, folder):
            print(complaint)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
