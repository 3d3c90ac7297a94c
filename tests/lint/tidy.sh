#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/tidy.sh FILE: clang-tidy on one source, one line a finding. A file
# whose preprocessed text passed before is not looked at again, since this is
# the slow check. Behind TIDY_NODES states a function is given up: a quarter of
# clang's own limit takes a quarter of the time and has found the same so far.
# TIDY_NODES=225000 looks as far as clang would.
nodes=${TIDY_NODES:-60000}
flags=${TIDY_FLAGS:-$(make -s --no-print-directory MODE=clang print-flags)}
done=build/lint/tidy
mkdir -p "$done"
# shellcheck disable=SC2086 # words on purpose
sum=$({ clang $flags -D_GNU_SOURCE -E -P "$1" && echo "$nodes" &&
    cat tests/lint/clang-tidy; } | sha256sum | cut -c1-32)
[ ! -e "$done/$sum" ] || exit 0
# shellcheck disable=SC2086
if out=$(clang-tidy --quiet --config-file=tests/lint/clang-tidy "$1" -- \
    $flags -D_GNU_SOURCE -Xclang -analyzer-config \
    -Xclang "max-nodes=$nodes" 2>&1); then
	touch "$done/$sum"
	exit 0
fi
printf '%s\n' "$out" | grep ' error: '
exit 1
