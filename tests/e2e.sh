#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/e2e.sh BINARY...: runs every tests/e2e/test_* with each binary as
# its only argument. A script starts what it needs on free loopback ports, ends
# it, and exits 0 when all is well; what it prints is shown only when it fails.
# Ends with "N passed, N failed".
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

for binary in "$@"; do
	for script in tests/e2e/test_*.sh tests/e2e/test_*.py; do
		case $script in
		*'*'*) continue ;;
		*.py) run=python3 ;;
		*) run="sh" ;;
		esac
		if timeout "${E2E_TIMEOUT:-300}" "$run" "$script" "$binary" \
		    >"$log" 2>&1 </dev/null; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "-- $script $binary: failed"
			tail -n 60 "$log"
		fi
	done
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
