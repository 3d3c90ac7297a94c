#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/unit.sh BINARY...: runs unit test binaries and adds up their results.
# A binary that passes says nothing more than its tests do; one that fails, or
# dies, or writes to stderr without being asked to, shows all it printed.
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log" "$log.err"' EXIT
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"

for binary in "$@"; do
	# shellcheck disable=SC2086 # RUN: an emulator, where there is one
	timeout "${UNIT_TIMEOUT:-300}" ${RUN:-} "$binary" >"$log" 2>"$log.err"
	rc=$?
	# A child that is meant to die is news to an emulator.
	[ -z "${RUN:-}" ] ||
	    sed -i '/^qemu: uncaught target signal/d' "$log.err"
	last=$(tail -n 1 "$log")
	p=$(expr "$last" : '\([0-9]*\) passed, [0-9]* failed$')
	f=$(expr "$last" : '[0-9]* passed, \([0-9]*\) failed$')
	# A death in the middle counts as one failed test.
	if [ $rc -ne 0 ] && [ "${f:-0}" = 0 ]; then
		f=1
	fi
	if [ $rc -eq 0 ] && [ -s "$log.err" ]; then
		f=1
		echo "  unexpected output on stderr" >>"$log"
		rc=stderr
	fi
	passed=$((passed + ${p:-0}))
	failed=$((failed + ${f:-0}))
	if [ "$rc" != 0 ]; then
		echo "-- ${binary##*/} ($rc)"
		cat "$log" "$log.err"
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
