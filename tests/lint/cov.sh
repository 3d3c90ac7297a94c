#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/cov.sh BINARY...: runs unit tests built with MODE=cov and prints
# line and branch coverage by folder and file; details as HTML in
# build/cov/html/.
rm -rf build/cov/raw build/cov/html
mkdir -p build/cov/raw
LLVM_PROFILE_FILE="$PWD/build/cov/raw/%p.profraw"
export LLVM_PROFILE_FILE
sh tests/unit.sh "$@" || exit 1
llvm-profdata merge -sparse -o build/cov/unit.profdata build/cov/raw/*.profraw
first=$1
shift
for binary in "$@"; do
	set -- "$@" -object "$binary"
	shift
done
llvm-cov report "$first" "$@" -instr-profile=build/cov/unit.profdata \
    -show-functions=false -ignore-filename-regex='(tests|fuzz|vendor)/'
llvm-cov show "$first" "$@" -instr-profile=build/cov/unit.profdata \
    -format=html -output-dir=build/cov/html \
    -ignore-filename-regex='(tests|fuzz|vendor)/' >/dev/null
