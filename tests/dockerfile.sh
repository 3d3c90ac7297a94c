#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/dockerfile.sh BINARY: builds Dockerfile.scratch with buildah, on a base
# that debootstrap makes from this machine's own mirror so that no image
# registry is needed. The image has to hold one file, BINARY's bytes where this
# machine has the compiler of the base, and the settings of `make image`. Root
# is needed. The base is kept in build/image/.
set -eu

binary=$1

dir=$PWD/build/image
mkdir -p "$dir"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "dockerfile-test: $*" >&2
	[ ! -s "$work/log" ] || tail -n 20 "$work/log" >&2
	exit 1
}

# Debian's mirror as this machine knows it, from both forms of source files;
# where there is none, debootstrap's own.
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list \
    2>/dev/null | grep -E '^(URIs:|deb )' |
    grep -oE 'https?://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ' || true)
tool() {
	command=$1
	shift
	buildah --root "$dir/store" --runroot "$work/run" \
	    --storage-driver "${IMAGE_STORAGE:-vfs}" "$command" "$@"
}

[ "$(id -u)" = 0 ] || fail "needs root, for debootstrap and buildah"
if [ ! -f "$dir/base.tar" ]; then
	echo "dockerfile-test: making the base (debootstrap)"
	debootstrap --variant=minbase bookworm "$work/base" \
	    ${mirror:+"$mirror"} >"$work/log" 2>&1 ||
	    fail "debootstrap failed"
	tar -C "$work/base" -cf "$dir/base.tar.part" .
	mv "$dir/base.tar.part" "$dir/base.tar"
	rm -rf "$work/base"
fi
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
rm -rf "$dir/store"
mkdir "$work/context"
cp "$dir/base.tar" "$work/context/base.tar"
printf 'FROM scratch\nADD base.tar /\n' >"$work/context/Dockerfile"
tool bud --isolation chroot --signature-policy "$work/policy.json" \
    -t docker.io/library/debian:12 "$work/context" >"$work/log" 2>&1 ||
    fail "the base image cannot be made"
apt-cache show gcc-12 >"$work/gcc" 2>/dev/null || true
rm -rf "$work/context"

echo "dockerfile-test: building the image"
tool bud --isolation chroot --pull-never --format docker --timestamp 0 \
    --signature-policy "$work/policy.json" \
    -f Dockerfile.scratch -t localhost/cloudwatch-mcp . >"$work/log" 2>&1 ||
    fail "the image does not build"

# What it promises to whoever runs it.
config=$(tool inspect --type image localhost/cloudwatch-mcp)
for want in '"User": "1000:1000"' '"3334/tcp"' '"HOME=/home/app"' \
    '"CLOUDWATCH_MCP_SERVER_HOST=0.0.0.0"' '"health"'; do
	printf '%s\n' "$config" | grep -Fq "$want" ||
	    fail "the image's configuration lacks $want"
done
container=$(tool from --pull-never --signature-policy "$work/policy.json" \
    localhost/cloudwatch-mcp)
root=$(tool mount "$container")
files=$(cd "$root" && find . ! -type d)
[ "$files" = ./cloudwatch-mcp ] || fail "the image holds other files: $files"
here=$(gcc -dumpfullversion)
there=$(sed -n 's,^Version: \([0-9.]*\)-.*,\1,p' "$work/gcc" |
    head -n 1)
if [ "$here" = "$there" ]; then
	cmp "$binary" "$root/cloudwatch-mcp" ||
	    fail "the image holds another program than $binary"
	same=", the same as $binary"
fi
size=$(wc -c <"$root/cloudwatch-mcp")
tool rm "$container" >/dev/null
rm -rf "$dir/store"
echo "dockerfile-test: one file of $size bytes${same-}"
