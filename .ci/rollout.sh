#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# .ci/rollout.sh: puts IMAGE_DIGEST (REPOSITORY@sha256:...) into NAMESPACE of
# the EKS cluster CLUSTER, with the service account's role SERVICE_ROLE (IRSA),
# and waits until every pod runs it; an upgrade that does not get there is taken
# back by helm.
set -eu
for name in IMAGE_DIGEST CLUSTER NAMESPACE SERVICE_ROLE; do
	eval "value=\${$name:-}"
	[ -n "$value" ] || {
		echo "rollout: $name is not set" >&2
		exit 2
	}
done
case $IMAGE_DIGEST in
*@sha256:*) ;;
*)
	echo "rollout: $IMAGE_DIGEST: name the image by its digest" >&2
	exit 2
	;;
esac
aws eks update-kubeconfig --name "$CLUSTER"
helm upgrade --install cloudwatch-mcp deploy/helm/cloudwatch-mcp \
    --namespace "$NAMESPACE" --create-namespace --atomic --timeout 5m \
    --set image.repository="${IMAGE_DIGEST%@*}" \
    --set image.digest="${IMAGE_DIGEST#*@}" \
    --set aws.roleArn="$SERVICE_ROLE"
kubectl --namespace "$NAMESPACE" rollout status deployment/cloudwatch-mcp \
    --timeout 5m
helm --namespace "$NAMESPACE" test cloudwatch-mcp
