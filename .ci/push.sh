#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# .ci/push.sh ARCHIVE VERSION REPOSITORY: puts the image, all architectures,
# into a registry and says under which digest. REGISTRY_USER and
# REGISTRY_PASSWORD log in; for ECR the AWS CLI's credentials do. TLS=false is
# for a registry on loopback. In a GitHub job, `digest` and `image` become
# outputs of the step.
set -eu
archive=$1
version=$2
repository=$3
host=${repository%%/*}
digest=$(mktemp)
trap 'rm -f "$digest"' EXIT
tls=${TLS:-true}

case $host in
*.dkr.ecr.*)
	region=${host#*.dkr.ecr.}
	password=$(aws ecr get-login-password --region "${region%%.*}")
	printf '%s' "$password" |
	    skopeo login --username AWS --password-stdin "$host"
	;;
*)
	[ -z "${REGISTRY_PASSWORD:-}" ] ||
	    printf '%s' "$REGISTRY_PASSWORD" | skopeo login \
	    --tls-verify="$tls" --username "$REGISTRY_USER" \
	    --password-stdin "$host"
	;;
esac
skopeo copy -q --all --dest-tls-verify="$tls" --digestfile "$digest" \
    "oci-archive:$archive:$version" "docker://$repository:$version"
echo "push: $repository@$(cat "$digest")"
[ -z "${GITHUB_OUTPUT:-}" ] || {
	echo "digest=$(cat "$digest")"
	echo "image=$repository@$(cat "$digest")"
} >>"$GITHUB_OUTPUT"
