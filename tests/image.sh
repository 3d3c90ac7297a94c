#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/image.sh ARCHIVE VERSION ARCH...: what `make image` promises. The
# archive goes the ways an air-gapped site has: skopeo into a registry and out
# again, podman load, and the form for old versions of docker. Then each
# architecture runs as a careful operator runs it: a root without anything
# writable, not even /dev or /proc, no capability, no new privileges, as uid
# 1000 and as one that nobody knows; and the official SDK's clients talk to it
# over HTTP and standard input. A foreign architecture runs under qemu. All of
# it on loopback; root is needed for podman alone. Ends with "N passed, N
# failed".
set -u

archive=$1
version=$2
shift 2
work=$(mktemp -d)
passed=0
failed=0
running=
trap 'stop; rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

stop() {
	for pid in $running; do
		kill "$pid" 2>/dev/null
	done
	wait
	running=
}

# check NAME COMMAND...: one check; its output is shown when it fails.
check() {
	name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/     /' "$work/log" | tail -n 40
	fi
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# answers URL: waits for it.
answers() {
	for _ in $(seq 100); do
		curl -s -o /dev/null "$1" && return
		sleep 0.1
	done
	return 1
}

# ---- the ways in ----

echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
skopeo() {
	command skopeo --policy "$work/policy.json" "$@"
}

digest() {
	skopeo inspect --raw "$@" | sha256sum
}

registry_and_back() {
	port=$(free_port)
	cat >"$work/registry.yml" <<-Y
	version: 0.1
	log: { level: error }
	storage: { filesystem: { rootdirectory: $work/registry } }
	http: { addr: 127.0.0.1:$port }
	Y
	docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
	running="$running $!"
	answers "http://127.0.0.1:$port/v2/" || return 1
	at=docker://127.0.0.1:$port/cloudwatch-mcp:$version
	skopeo copy -q --all --dest-tls-verify=false \
	    "oci-archive:$archive:$version" "$at" || return 1
	skopeo copy -q --all --src-tls-verify=false "$at" \
	    "oci:$work/layout:$version" || return 1
	[ "$(digest "oci-archive:$archive:$version")" = \
	    "$(digest "oci:$work/layout:$version")" ] || {
		echo "it came back as another image"
		return 1
	}
}

podman_load() {
	podman --root "$work/store" --runroot "$work/run" \
	    --storage-driver vfs load \
	    --signature-policy "$work/policy.json" -i "$archive" &&
	    podman --root "$work/store" --runroot "$work/run" \
	    --storage-driver vfs image exists \
	    "localhost/cloudwatch-mcp:$version"
}

check "skopeo into a registry and out again" registry_and_back
stop
check "podman load" podman_load
check "the form for docker load" skopeo copy -q "docker-archive:$archive" \
    "dir:$work/docker"

# What Dockerfile.scratch sets, the image sets.
settings() {
	skopeo inspect --config --override-arch amd64 --override-os linux \
	    "oci-archive:$archive:$version" >"$work/config.json" &&
	    python3 - "$work/config.json" Dockerfile.scratch <<'P'
import json, re, sys
config = json.load(open(sys.argv[1]))["config"]
docker = open(sys.argv[2]).read().split("FROM scratch")[1]
docker = docker.replace("\\\n", " ")
def last(word):
    return re.search(r"^%s\s+(.*)$" % word, docker, re.M).group(1).strip()
assert config["User"] == last("USER")
assert list(config["ExposedPorts"]) == [last("EXPOSE") + "/tcp"]
assert sorted(config["Env"]) == sorted(last("ENV").split())
assert config["Entrypoint"] == json.loads(last("ENTRYPOINT"))
assert config["WorkingDir"] == last("WORKDIR")
named = dict(re.findall(r'(org\.\S+?)="([^"]*)"', last("LABEL")))
for name, value in named.items():
    if "$" not in value:
        assert config["Labels"][name] == value, name
P
}
check "the settings of Dockerfile.scratch" settings

# ---- running ----

# unpack ARCH: the root of one architecture in $work/ARCH.
unpack() {
	mkdir -p "$work/$1" &&
	    skopeo copy -q --override-arch "$1" --override-os linux \
	    "oci-archive:$archive:$version" "dir:$work/dir-$1" || return 1
	layer=$(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["layers"][0]["digest"][7:])' \
	    "$work/dir-$1/manifest.json")
	tar -xzf "$work/dir-$1/$layer" -C "$work/$1" --no-same-owner &&
	    [ "$(cd "$work/$1" && find . ! -type d)" = ./cloudwatch-mcp ]
}

# enter ARCH UID: a script that runs the program inside.
enter() {
	emulate=''
	bind=''
	case $1-$(uname -m) in
	amd64-x86_64 | arm64-aarch64) ;;
	*)
		qemu='qemu-aarch64-static'
		[ "$1" = arm64 ] || qemu='qemu-x86_64-static'
		emulate=/qemu
		bind="--ro-bind $(command -v "$qemu") /qemu"
		touch "$work/$1/qemu"
		;;
	esac
	cat >"$work/inside-$1-$2" <<-S
	#!/bin/sh
	exec bwrap --ro-bind "$work/$1" / $bind --unshare-user --uid $2 \\
	    --gid 0 --unshare-pid --unshare-ipc --unshare-uts --cap-drop ALL \\
	    --die-with-parent --clearenv --setenv HOME /home/app \\
	    --setenv CLOUDWATCH_MCP_SERVER_HOST 0.0.0.0 \\
	    $emulate /cloudwatch-mcp "\$@"
	S
	chmod +x "$work/inside-$1-$2"
}

# confined PID: the program below this process can do nothing but serve.
confined() {
	pid=$1
	while child=$(cat "/proc/$pid/task/$pid/children") &&
	    [ -n "$child" ]; do
		pid=${child%% *}
	done
	for want in 'CapEff:0+' 'CapPrm:0+' 'CapBnd:0+' 'NoNewPrivs:1'; do
		tr -d '\t' <"/proc/$pid/status" | grep -Eqx "$want" || {
			grep -E 'Cap|NoNew' "/proc/$pid/status"
			return 1
		}
	done
	# Every mount it sees is read-only.
	! awk '$6 !~ /(^|,)ro(,|$)/ { print; bad = 1 } END { exit !bad }' \
	    "/proc/$pid/mountinfo"
}

try_arch() {
	check "$1: one file" unpack "$1"
	for uid in 1000 736251; do
		enter "$1" "$uid"
		inside=$work/inside-$1-$uid
		port=$(free_port)
		"$inside" --demo --port "$port" --log-level ERROR \
		    >"$work/server.log" 2>&1 &
		server=$!
		running="$running $server"
		check "$1: answers as uid $uid" answers \
		    "http://127.0.0.1:$port/health"
		check "$1: health check" "$inside" health --port "$port"
		check "$1: nothing is writable, no capability" confined \
		    "$server"
		if [ "$uid" = 1000 ]; then
			check "$1: SDK clients, HTTP and stdio" timeout 300 \
			    "$node" "$sdk/clients.mjs" product \
			    "http://127.0.0.1:$port/mcp" "$inside" --demo \
			    --stdio --log-level ERROR
		fi
		stop
	done
}

sdk=build/interop
node=$sdk/node_modules/node/bin/node
sh tests/interop/fetch.sh "$sdk" || failed=$((failed + 1))
cp tests/interop/clients.mjs "$sdk/"
for arch in "$@"; do
	try_arch "$arch"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
