#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks of the source as text: tests/lint/text.py CHECK...

Each check is a function below; it yields "file:line: sentence" for every
violation. Prints them and exits 1 when there are any.
"""
import pathlib
import re
import sys

# What a folder of src/ may include besides itself. A file by name opens only
# that file. This is the table of DESIGN: base <- proto <- everything else,
# and net/ is seen by main.c alone.
LAYERS = {
    "base": [],
    "proto": ["base"],
    # app.h is a seam like transport.h: types over base, called by pointer.
    "net": ["base", "proto", "aws/transport.h", "app.h", "gen"],
    "aws": ["base", "proto"],
    "mcp": ["base", "proto"],
    "auth": ["base", "proto", "aws/transport.h", "aws/sts.h"],
    # gen: tables that the build makes.
    "tools": ["base", "proto", "aws", "mcp/tool.h", "mcp/resource.h",
              "mcp/prompt.h", "gen"],
    "demo": ["base", "proto", "aws", "mcp/tool.h", "app.h", "gen"],
    "cli": ["base", "proto", "auth", "mcp", "aws", "tools", "app.h",
            "config.h", "gen"],
    "config": ["base", "proto"],
    "app": ["base", "proto", "auth", "mcp", "aws", "tools", "config.h",
            "gen"],
    # A program of the building machine.
    "page": ["tools/tools.def", "net/roots.h", "demo"],
}

# Headers that cannot reach outside the process; the others belong to net/
# and main.c. stdlib.h and stdio.h are narrowed further by the purity check.
PURE_HEADERS = {
    "errno.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdalign.h",
    "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h", "stdint.h", "stdio.h",
    "stdlib.h", "string.h", "bearssl.h", "bearssl_hash.h", "bearssl_hmac.h",
    "sanitizer/asan_interface.h",
}

BANNED = ("strcpy strcat strncpy strncat sprintf vsprintf gets atoi atol atoll "
          "strtok alloca system popen tmpnam mktemp").split()

WIDTH = 80
FUNCTION_LINES = 70
LONG_MARK = "/* long: one state machine */"


def lines(path):
    return path.read_text(encoding="utf-8").split("\n")


def sources(*roots):
    for root in roots:
        for pattern in ("**/*.c", "**/*.h"):
            yield from sorted(pathlib.Path(root).glob(pattern))


def code_of(text):
    """The text without comments and string contents, lines kept."""
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|"
                  r"'(?:\\.|[^'\\\n])*'", blank, text, flags=re.S)


def root_layer(stem):
    """app.c, its parts app_*.c and what they share, visit.c, are one layer."""
    return "app" if stem == "visit" or stem.startswith("app_") else stem


def check_layers():
    for path in sources("src"):
        parts = path.relative_to("src").parts
        layer = parts[0] if len(parts) > 1 else root_layer(path.stem)
        if path.name == "main.c" and len(parts) == 1:
            continue
        if layer not in LAYERS:
            yield f"{path}:1: the folder has no place in the layers"
            continue
        for n, line in enumerate(lines(path), 1):
            m = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
            if not m:
                continue
            name = m.group(2)
            if m.group(1) == "<":
                if layer != "net" and name not in PURE_HEADERS \
                        and not name.startswith("bearssl"):
                    yield (f"{path}:{n}: <{name}> touches the world: only "
                           "src/net/ and src/main.c may include it")
                continue
            if len(parts) == 1 and name == path.stem + ".h":
                continue
            top = name.split("/")[0]
            if "/" not in name and layer == "app" \
                    and root_layer(name[:-2]) == "app":
                continue
            if top != layer and top not in LAYERS[layer] \
                    and name not in LAYERS[layer]:
                yield f"{path}:{n}: {layer} must not include {name}"
            if top != "gen" and not (pathlib.Path("src") / name).exists():
                yield f"{path}:{n}: includes are relative to src/"


def check_banned():
    pattern = re.compile(r"\b(" + "|".join(BANNED) + r")\s*\(")
    for path in sources("src", "tests", "fuzz"):
        code = code_of(path.read_text(encoding="utf-8"))
        for n, line in enumerate(code.split("\n"), 1):
            for m in pattern.finditer(line):
                yield f"{path}:{n}: {m.group(1)}() is banned"


def check_columns():
    for path in sources("src", "tests", "fuzz"):
        for n, line in enumerate(lines(path), 1):
            if len(line.expandtabs(8)) > WIDTH:
                yield f"{path}:{n}: longer than {WIDTH} columns"
            if line != line.rstrip():
                yield f"{path}:{n}: blanks at the end of the line"


def check_functions():
    for path in sources("src", "tests", "fuzz"):
        text = lines(path)
        start = None
        for n, line in enumerate(text, 1):
            if line == "{":
                start = n
            elif line == "}" and start is not None:
                head = "\n".join(text[max(0, start - 8):start + 1])
                if n - start - 1 > FUNCTION_LINES and LONG_MARK not in head:
                    yield (f"{path}:{start}: function of {n - start - 1} "
                           f"lines, over {FUNCTION_LINES}")
                start = None


def tree():
    skip = {".git", "build", "corpus", "archive", "node_modules"}
    for path in sorted(pathlib.Path(".").rglob("*")):
        if skip & set(path.parts) or path.parts[:2] == ("vendor", "src"):
            continue
        if path.is_file() and path.name not in ("config.mk", "LICENSE"):
            yield path


def check_markers():
    # Written in two parts so that this file passes its own check.
    words = ["TO" "DO", "FIX" "ME", "XX" "X", "HA" "CK"]
    phrases = ["not " "implemented", "not yet " "implemented"]
    pattern = re.compile(r"\b(?:" + "|".join(words) + r")\b|\bst" r"ubs?\b|" +
                         "|".join(phrases))
    for path in tree():
        try:
            text = lines(path)
        except UnicodeDecodeError:
            continue
        for n, line in enumerate(text, 1):
            m = pattern.search(line)
            if m:
                yield f"{path}:{n}: left over: {m.group(0)}"


def check_spdx():
    for path in tree():
        if path.suffix not in (".c", ".h", ".sh", ".py", ".js", ".mjs") \
                and path.name not in ("Makefile", "run"):
            continue
        head = "\n".join(lines(path)[:3])
        if "SPDX-License-Identifier: Apache-2.0" not in head:
            yield f"{path}:1: no SPDX line"


def check_limits():
    path = pathlib.Path("src/base/limits.h")
    if not path.exists():
        return
    text = lines(path)
    for n, line in enumerate(text, 1):
        if not line.startswith("#define ") or line.endswith("LIMITS_H"):
            continue
        above = n - 2
        while above >= 0 and (text[above].startswith("#define ")
                              or text[above - 1].endswith("\\")):
            above -= 1
        reason = text[above].rstrip()
        if "/*" not in line and (not reason.endswith("*/")
                                 or reason.startswith("/* --")):
            yield f"{path}:{n}: a limit without its reason"


CHECKS = {name[6:]: f for name, f in sorted(globals().items())
          if name.startswith("check_")}


def main(names):
    bad = 0
    for name in names or CHECKS:
        for complaint in CHECKS[name]():
            print(complaint)
            bad = 1
    return bad


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
