#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/deploy/iam.sh PROGRAM: everything that is checked about deploy/iam,
# and about deploy/MOVING.md.
# Ends with "N passed, N failed".
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# part COMMAND...: its output is shown when it fails.
part() {
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $*: $(tail -n 1 "$log")"
	else
		failed=$((failed + 1))
		echo "FAIL $*"
		sed 's/^/     /' "$log" | tail -n 40
	fi
}

part python3 tests/deploy/iam_check.py "$1"
part python3 tests/deploy/iam_selftest.py
part python3 tests/deploy/multi_account_test.py "$1"
part python3 tests/deploy/moving_check.py
if command -v cfn-lint >/dev/null; then
	part cfn-lint deploy/iam/cross-account-role.template.json
else
	echo "skip cfn-lint is not installed; rules of our own have passed"
fi
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
