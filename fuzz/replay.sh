#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fuzz/replay.sh BINARY...: each replay_<unit> runs over fuzz/corpus/<unit>/.
# One line for all when every input passes.
bad=0
inputs=0
for binary in "$@"; do
	unit=${binary##*/replay_}
	[ -d "fuzz/corpus/$unit" ] || {
		echo "corpus: fuzz/corpus/$unit is missing"
		bad=1
		continue
	}
	if out=$("$binary" "fuzz/corpus/$unit" 2>&1); then
		inputs=$((inputs + ${out%% *}))
	else
		printf '%s\n' "$out" "-- corpus: $unit failed"
		bad=1
	fi
done
echo "corpus: $# targets, $inputs inputs, each twice"
exit $bad
