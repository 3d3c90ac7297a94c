#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vendor/epoch.sh: the time of this source in seconds: of its last commit, or,
# in an unpacked archive, of the files in it.
here=$(dirname "$0")
git -C "$here" log -1 --format=%ct 2>/dev/null ||
    stat -c %Y "$here/vendor.lock"
