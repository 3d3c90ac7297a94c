#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/timing/run.sh SECRET: that tokens are compared, and hashed before, in
# a time that does not depend on them, as the release build does it; and that
# the check would see it if they were not. Ends with "N passed, N failed".
program=$1
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# row NAME STATUS: one row of secret.c, and what memcheck has to say.
row() {
	valgrind -q --error-exitcode=9 "$program" "$1" >"$log" 2>&1
	if [ $? -eq "$2" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "timing-check: $1:"
		head -n 20 "$log"
	fi
}

row compare 0
row digest 0
row leak 9
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
