#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/image.sh: builds Dockerfile.scratch with buildah, on a base that
# debootstrap makes from this machine's own mirror so that no image registry is
# needed, and calls a tool in the image the way a careful operator runs it: a
# read-only root, uid 1000, every capability dropped. Root is needed. The base
# is kept in build/image/.
set -eu

dir=$PWD/build/image
mkdir -p "$dir"
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

fail() {
	echo "image-test: $*" >&2
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
	echo "image-test: making the base (debootstrap)"
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
rm -rf "$work/context"

echo "image-test: building the image"
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
# The places where a container runtime mounts its own.
mkdir -p "$root/proc" "$root/dev"

port=$(python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
inside() {
	bwrap --ro-bind "$root" / --proc /proc --dev /dev --unshare-user \
	    --uid 1000 --gid 1000 --unshare-pid --unshare-ipc --unshare-uts \
	    --cap-drop ALL --die-with-parent --clearenv \
	    --setenv HOME /home/app --setenv CLOUDWATCH_MCP_PORT "$port" \
	    --setenv CLOUDWATCH_MCP_SERVER_HOST 0.0.0.0 /cloudwatch-mcp "$@"
}
inside --demo >"$work/log" 2>&1 &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	inside health >/dev/null 2>&1 && break
	sleep 0.3
done
inside health >/dev/null 2>"$work/err" ||
    fail "the health check fails: $(cat "$work/err")"

# The process itself, below bwrap, says what it may do.
pid=$server
while child=$(cat "/proc/$pid/task/$pid/children") && [ -n "$child" ]; do
	pid=${child%% *}
done
grep -q '^cloudwatch-mcp' "/proc/$pid/comm" || fail "lost sight of the server"
grep -Eq '^CapEff:[[:space:]]*0+$' "/proc/$pid/status" ||
    fail "the server holds capabilities"
answer=$(curl -sS -m 10 -H 'Content-Type: application/json' \
    -d '{"name":"get_active_alarms","arguments":{}}' \
    "http://127.0.0.1:$port/mcp/tools/call") || fail "no answer from the tool"
case $answer in
*[Aa]larm*) ;;
*) fail "unexpected answer: $answer" ;;
esac
size=$(wc -c <"$root/cloudwatch-mcp")
tool rm "$container" >/dev/null
rm -rf "$dir/store"
echo "image-test: one file of $size bytes, answers from a read-only root as uid 1000 without capabilities"
