#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# tests/deploy/manifests.sh [DIR]: renders deploy/kubernetes/*.yaml from the
# chart and the *.values.yaml beside them, into DIR (deploy/). $HELMS names the
# helm binaries; the last one renders.
set -eu
cd "$(dirname "$0")/../.."
to=${1:-deploy}
helm=${HELMS##* }

mkdir -p "$to/kubernetes" "$to/helm/cloudwatch-mcp/files"
cp deploy/monitoring/alerts.yaml "$to/helm/cloudwatch-mcp/files/alerts.yaml"
for values in deploy/kubernetes/*.values.yaml; do
	name=$(basename "$values" .values.yaml)
	{
		echo "# SPDX-License-Identifier: Apache-2.0"
		echo "#"
		echo "# Made by \`make manifests\` from the chart and $name.values.yaml."
		# Helm is not there to manage what kubectl applies.
		"$helm" template cloudwatch-mcp deploy/helm/cloudwatch-mcp \
		    --namespace observability --skip-tests -f "$values" |
		    grep -v -e '^# Source: ' -e ' helm.sh/chart: ' \
		    -e ' app.kubernetes.io/managed-by: '
	} >"$to/kubernetes/$name.yaml"
done
