#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/selftest.sh: shows that every check can fail. Copies the tree,
# plants one violation at a time, and expects the check to go red, and to name
# the file. A check that stays green has stopped looking.
cd "$(dirname "$0")/../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

VENDOR_SRC=$(make -s print-vendor | sed -n 1p)
VENDOR_BUILD=$(make -s print-vendor | sed -n 2p)
export VENDOR_SRC VENDOR_BUILD
fresh() {
	rm -rf "$work/tree/src" "$work/tree/tests" "$work/tree/fuzz" \
	    "$work/tree/vendor"
	mkdir -p "$work/tree/vendor"
	cp -r Makefile src tests fuzz "$work/tree/"
	cp -r vendor/*.sh vendor/*.lock vendor/patches "$work/tree/vendor/"
}

# red CHECK NAME: the planted violation is in the current copy.
red() {
	if (cd "$work/tree" && sh tests/lint/run.sh "$1") >"$work/out" 2>&1; then
		echo "-- selftest: $1 does not see: $2"
		failed=$((failed + 1))
	elif ! grep -q "$3" "$work/out"; then
		echo "-- selftest: $1 fails without naming $3: $2"
		cat "$work/out"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
	fresh
}

# A file that passes every check, for violations to be planted into.
planted=src/base/planted.c
plant() {
	cat >"$work/tree/$planted"
}
spdx='/* SPDX-License-Identifier: Apache-2.0 */'

fresh
mkdir -p "$work/tree/src/net"

printf '%s\n#include "net/loop.h"\n' "$spdx" | plant
red layers "base includes net" planted.c
printf '%s\n#include <sys/socket.h>\n' "$spdx" | plant
red layers "base includes a system header" planted.c
mkdir -p "$work/tree/src/util"
echo "$spdx" >"$work/tree/src/util/x.h"
red layers "a folder without a place" util/x.h
printf '%s\nint x(char *a);\nint x(char *a) { return atoi(a); }\n' "$spdx" |
    plant
red banned "atoi" planted.c
printf '%s\n/* %080d */\n' "$spdx" 0 | plant
red columns "a long line" planted.c
{
	printf '%s\nvoid f(void);\nvoid\nf(void)\n{\n' "$spdx"
	yes '	;' | head -n 71
	echo '}'
} | plant
red functions "a function of 71 lines" planted.c
printf '%s\n/* %s: later */\n' "$spdx" 'TO''DO' | plant
red markers "a left-over marker" planted.c
echo 'int x;' | plant
red spdx "no licence line" planted.c
printf '\n\n#define PLANTED_MAX 3\n' >>"$work/tree/src/base/limits.h"
red limits "a limit without a reason" limits.h
printf '%s\nstruct planted { struct str s; };\n' "$spdx" \
    >"$work/tree/src/base/planted.h"
red headers "a header that needs another" planted.h
printf '%s\nint f(void);\nint\nf(void)\n{\n\tint unused;\n\treturn 0;\n}\n' \
    "$spdx" | plant
red gcc "an unused variable" planted.c
printf '%s\nint f(int x);\nint\nf(int x)\n{\n\tx = x;\n\treturn 0;\n}\n' \
    "$spdx" | plant
red clang "a self-assignment" planted.c
printf '%s\n#include <stdlib.h>\nchar *f(void);\nchar *\nf(void)\n{\n\treturn getenv("HOME");\n}\n' \
    "$spdx" | plant
red purity "base reads the environment" planted.c
printf '%s\nvoid relro_protect(void);\nvoid f(void);\nvoid\nf(void)\n{\n\trelro_protect();\n}\n' \
    "$spdx" | plant
red links "base calls into net without its header" planted.c
printf '%s\nint f(void);\nint\nf(void)\n{\n\tstatic int n;\n\treturn n++;\n}\n' \
    "$spdx" | plant
red globals "state in a static variable" planted.c
printf '%s\nint f(int *p);\nint\nf(int *p)\n{\n\tif (p == 0) {\n\t\treturn *p;\n\t}\n\treturn 1;\n}\n' \
    "$spdx" | plant
red tidy "a null dereference" planted.c
printf '%s\nint f(int i);\nint\nf(int i)\n{\n\tint a[4] = { 0 };\n\treturn i > 9 ? a[i] : a[4];\n}\n' \
    "$spdx" | plant
red cppcheck "an index out of bounds" planted.c
# shellcheck disable=SC2016 # the text of a bad script
printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\nrm -rf $1\n' \
    >"$work/tree/tests/planted.sh"
red shell "an unquoted variable" planted.sh

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
