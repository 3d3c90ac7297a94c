#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# .ci/sign.sh REPOSITORY@DIGEST: signs an image without a key, as the identity
# of the job that runs this (Sigstore), and looks whether that can be verified.
set -eu
image=$1
case $image in
*@sha256:*) ;;
*)
	echo "sign: $image: a digest is signed, never a tag" >&2
	exit 2
	;;
esac
[ -z "${REGISTRY_PASSWORD:-}" ] ||
    printf '%s' "$REGISTRY_PASSWORD" | cosign login "${image%%/*}" \
    --username "$REGISTRY_USER" --password-stdin
cosign sign --yes --recursive "$image"
cosign verify "$image" \
    --certificate-oidc-issuer https://token.actions.githubusercontent.com \
    --certificate-identity-regexp "^https://github.com/$GITHUB_REPOSITORY/" \
    >/dev/null
echo "sign: $image"
