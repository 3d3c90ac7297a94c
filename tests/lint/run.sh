#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/run.sh [CHECK...]: runs the named checks, or all, and ends with
# "N passed, N failed". tests/lint/selftest.sh shows that each can fail.
#
#   layers banned columns functions markers spdx limits   text.py
#   purity links globals                                  objects.py
#   headers    every header compiles alone
#   gcc clang  all code compiles without a warning, optimised and not
#   tidy cppcheck shell                                   other people's eyes
cd "$(dirname "$0")/../.." || exit 1
all="layers banned columns functions markers spdx limits headers gcc purity
    links globals clang shell cppcheck tidy"
jobs=$(nproc)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0

# What the Makefile compiles with in its debug mode, without the output part.
flags() {
	make -s --no-print-directory MODE="${1:-debug}" print-flags
}

check_headers() {
	# shellcheck disable=SC2046 # words on purpose
	sh tests/lint/headers.sh $(flags)
}

# The release build optimises, so gcc's flow-based warnings see the code; the
# debug build has the tests and fuzz targets in it.
check_gcc() {
	make -s --no-print-directory -j"$jobs" MODE=release objects &&
	    make -s --no-print-directory -j"$jobs" MODE=debug objects
}

# each COMMAND...: the command for every source, a few at a time.
each() {
	find src tests fuzz -name '*.c' | LC_ALL=C sort |
	    xargs -P "$jobs" -n 4 "$@"
}

check_clang() {
	# shellcheck disable=SC2046
	each clang $(flags clang) -D_GNU_SOURCE -Itests -fsyntax-only
}

check_tidy() {
	TIDY_FLAGS=$(flags clang)
	export TIDY_FLAGS
	find src -name '*.c' | LC_ALL=C sort | xargs -P "$jobs" -n 1 \
	    sh tests/lint/tidy.sh
}

# net/roots.c is a generated table of 3,000 lines, on which cppcheck spends
# more time than on all the rest.
check_cppcheck() {
	mkdir -p build/lint/cppcheck
	cppcheck -q -j "$jobs" --cppcheck-build-dir=build/lint/cppcheck \
	    --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --error-exitcode=1 --suppress=missingInclude \
	    --suppress=normalCheckLevelMaxBranches -Isrc -DVERSION='""' \
	    -i src/net/roots.c src
}

check_shell() {
	# shellcheck disable=SC2046
	shellcheck -s sh $(find vendor/*.sh tests fuzz deploy -name '*.sh') \
	    $(find .ci -name run 2>/dev/null)
}

# shellcheck disable=SC2086
[ $# -gt 0 ] || set -- $all
for check in "$@"; do
	case $check in
	purity | links | globals)
		make -s --no-print-directory -j"$jobs" MODE=release objects &&
		    python3 tests/lint/objects.py build/release/src "$check"
		;;
	headers | gcc | clang | tidy | cppcheck | shell)
		"check_$check"
		;;
	*)
		python3 tests/lint/text.py "$check"
		;;
	esac >"$log" 2>&1
	rc=$?
	if [ $rc -eq 0 ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "-- lint: $check"
		grep -v '^CC ' "$log" | head -n 60
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
