#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/headers.sh CFLAGS...: every header compiles alone, so that each
# includes what it needs and none depends on the order of includes. Prints the
# errors and fails when one does not.
bad=0
for h in src/*.h src/*/*.h tests/*.h; do
	[ -f "$h" ] || continue
	gcc "$@" -D_GNU_SOURCE -Itests -Wno-unused-macros -fsyntax-only \
	    -x c -include "$h" - </dev/null || {
		echo "headers: $h does not compile alone"
		bad=1
	}
done
exit $bad
