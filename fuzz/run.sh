#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# fuzz/run.sh SECONDS BINARY...: runs fuzz targets for SECONDS in all, two at a
# time. New inputs go to build/fuzz/new/<unit>/, crash files to build/fuzz/.
# Says at the end which targets failed; fails when any did.
seconds=$1
shift
[ $# -gt 0 ] || {
	echo "fuzz: no targets"
	exit 0
}
each=$((seconds * 2 / $#))
[ $each -ge 2 ] || each=2
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"
bad=$(mktemp)
trap 'rm -f "$bad"' EXIT

one() {
	unit=${1##*/fuzz_}
	new=build/fuzz/new/$unit
	seeds=
	dict=
	mkdir -p "$new"
	[ ! -d "fuzz/corpus/$unit" ] || seeds=fuzz/corpus/$unit
	[ ! -f "fuzz/$unit.dict" ] || dict=-dict=fuzz/$unit.dict
	# shellcheck disable=SC2086 # the two are words or nothing
	"$1" -max_total_time=$each -timeout=10 -rss_limit_mb=1024 \
	    -max_len=8192 -print_final_stats=1 \
	    -artifact_prefix="build/fuzz/$unit-" $dict "$new" $seeds \
	    >"build/fuzz/$unit.log" 2>&1 || {
		echo "$unit" >>"$bad"
		grep -vE '^#[0-9]+' "build/fuzz/$unit.log" | tail -n 40
	}
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' \
	    "build/fuzz/$unit.log")
	echo "fuzz: $unit: ${runs:-no} runs in $each s"
}

while [ $# -gt 0 ]; do
	one "$1" &
	[ $# -lt 2 ] || one "$2" &
	wait
	shift
	[ $# -eq 0 ] || shift
done
if [ -s "$bad" ]; then
	echo "fuzz: failed: $(tr '\n' ' ' <"$bad")"
	exit 1
fi
