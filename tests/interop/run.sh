#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/interop/run.sh PROGRAM FIXTURE_SERVER SIGV4_PROBE PROFILES_PROBE
# STS_PROBE: programs that others wrote against ours, and the client guides. The
# official MCP SDK clients, conformance suites, mcp-remote, supergateway,
# LibreChat's schema and a parser of HCL come from npm, with a Node that is new
# enough for them, in the versions that package-lock.json pins; botocore and the
# AWS CLI come from the distribution. Everything talks to loopback. Ends with "N
# passed, N failed".
program=$1
fixture_server=$2
sigv4_probe=$3
profiles_probe=$4
sts_probe=$5
here=tests/interop
work=build/interop
log=$work/log
node=$work/node_modules/node/bin/node
passed=0
failed=0
running=

mkdir -p "$work"
trap 'stop' EXIT
trap 'exit 1' INT TERM

# Ends the servers that this script started.
stop() {
	for pid in $running; do
		kill "$pid" 2>/dev/null
	done
	wait
	running=
}

# part NAME COMMAND...: one check; its output is shown when it fails.
part() {
	name=$1
	shift
	if timeout --kill-after=10 300 "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		# The suites' own totals count what is not scored, too.
		if grep -q '^Total: ' "$log"; then
			total="$(grep -ac '^✓' "$log") scenarios pass"
			total="$total, $(grep -ac '^✗' "$log") expected not to"
		else
			total=$(grep -aE '^[0-9]+ passed, ' "$log" |
			    tail -n 1)
		fi
		echo "ok   $name${total:+: $total}"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/     /' "$log" | tail -n 60
	fi
}

free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# serve PORT COMMAND...: starts a server and waits until it answers.
serve() {
	at=$1
	shift
	"$@" >"$work/server.log" 2>&1 &
	running="$running $!"
	for _ in $(seq 100); do
		curl -s -o /dev/null "http://127.0.0.1:$at/health" && return
		sleep 0.1
	done
	failed=$((failed + 1))
	echo "FAIL $1 does not answer on port $at"
	sed 's/^/     /' "$work/server.log" | tail -n 20
	return 1
}

sh "$here/fetch.sh" "$work" || {
	echo "0 passed, 1 failed"
	exit 1
}
cp "$here"/*.mjs "$work/"

port=$(free_port)
if serve "$port" "$fixture_server" "$port"; then
	url=http://localhost:$port/mcp
	suite1=$work/node_modules/conformance-0.1/dist/index.js
	suite2=$work/node_modules/conformance-0.2/dist/index.js
	part "conformance 0.1.16, all" "$node" "$suite1" server --url "$url" \
	    --suite all -o "$work/conformance-0.1" \
	    --expected-failures "$here/baseline-0.1.yml"
	part "conformance 0.2.0-alpha.12, 2025-11-25" "$node" "$suite2" \
	    server --url "$url" --requirements 2025-11-25 \
	    -o "$work/conformance-0.2-legacy" \
	    --expected-failures "$here/baseline-0.2-2025-11-25.yml"
	# No baseline: every scored scenario passes.
	part "conformance 0.2.0-alpha.12, 2026-07-28" "$node" "$suite2" \
	    server --url "$url" --requirements 2026-07-28 \
	    -o "$work/conformance-0.2-modern"
	part "SDK clients, fixtures" "$node" "$work/clients.mjs" fixtures \
	    "http://127.0.0.1:$port/mcp" "$fixture_server" stdio
	part "SDK client of the HTTP+SSE transport" "$node" "$work/sse.mjs" \
	    "http://127.0.0.1:$port/sse"
fi
port=$(free_port)
if serve "$port" "$program" --demo --port "$port" --log-level ERROR; then
	part "SDK clients, product" "$node" "$work/clients.mjs" product \
	    "http://127.0.0.1:$port/mcp" \
	    "$program" --demo --stdio --log-level ERROR
fi
part "client guides" "$node" "$work/clients_guides.mjs" "$program" \
    deploy/clients "$here/clients_sigv4_proxy.py"
part "supergateway" "$node" "$work/clients_gateway.mjs" "$program" \
    deploy/MOVING.md
part "Terraform module" "$node" "$work/terraform.mjs" deploy/iam/terraform
part "SDK clients with tokens" "$node" "$work/oauth.mjs" "$program"
part "botocore and the AWS CLI sign in" python3 "$here/sigv4_in.py" "$program"
part "botocore signs as we do" python3 "$here/botocore_sigv4.py" \
    "$sigv4_probe" 2000
part "botocore finds the same credentials" python3 \
    "$here/botocore_profiles.py" "$profiles_probe"
part "botocore's tokens for STS are let in" python3 "$here/botocore_sts.py" \
    "$sts_probe"
part "AWS CLI reads the demo endpoint" python3 "$here/awscli.py" "$program"

stop
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
