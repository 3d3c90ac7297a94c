{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "cloudwatch-mcp.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 50: the longest suffix of ours and the hash of a pod have to fit into 63. */}}
{{- define "cloudwatch-mcp.fullname" -}}
{{- $name := include "cloudwatch-mcp.name" . }}
{{- $full := .Values.fullnameOverride | default (ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name)) }}
{{- $full | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "cloudwatch-mcp.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "cloudwatch-mcp.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{- define "cloudwatch-mcp.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cloudwatch-mcp.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* What all objects carry, without what selects the server's pods. */}}
{{- define "cloudwatch-mcp.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "cloudwatch-mcp.labels" -}}
{{ include "cloudwatch-mcp.selectorLabels" . }}
{{ include "cloudwatch-mcp.commonLabels" . }}
{{- end }}

{{/* The test pod must not get the Service's traffic: a name of its own. */}}
{{- define "cloudwatch-mcp.testLabels" -}}
app.kubernetes.io/name: {{ include "cloudwatch-mcp.name" . | trunc 58 }}-test
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cloudwatch-mcp.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (.tag | default $.Chart.AppVersion) }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The Secret behind one of tokens, sigv4Keys, credentials; empty: none.
Called with a dict of root and name.
*/}}
{{- define "cloudwatch-mcp.secretName" -}}
{{- $own := ternary .root.Values.aws.credentials (get .root.Values.auth .name) (eq .name "credentials") }}
{{- if (get .root.Values.externalSecrets .name).remoteKey }}
{{- printf "%s-%s" (include "cloudwatch-mcp.fullname" .root) (kebabcase .name) }}
{{- else }}
{{- $own.existingSecret }}
{{- end }}
{{- end }}

{{/* What the schema cannot say: values that contradict each other. */}}
{{- define "cloudwatch-mcp.check" -}}
{{- $tokens := include "cloudwatch-mcp.secretName" (dict "root" . "name" "tokens") }}
{{- $keys := include "cloudwatch-mcp.secretName" (dict "root" . "name" "sigv4Keys") }}
{{- $credentials := include "cloudwatch-mcp.secretName" (dict "root" . "name" "credentials") }}
{{- $openid := or .Values.auth.oidc.issuer .Values.auth.identityCenter.issuer .Values.auth.issuers }}
{{- $named := or $tokens $keys $openid .Values.auth.sts.roles .Values.auth.proxy.header .Values.auth.alb.arn }}
{{- range .Values.extraEnv }}
{{- $named = or $named (hasPrefix "AUTH_" .name) }}
{{- end }}
{{- if eq .Values.image.tag "latest" }}
{{- fail "image.tag is latest, which names another image tomorrow and cannot be rolled back to: name a version, or image.digest" }}
{{- end }}
{{- if and .Values.auth.enabled (not $named) }}
{{- fail "auth.enabled is true, but no caller is named: set auth.tokens, auth.sigv4Keys, auth.oidc, auth.identityCenter, auth.issuers, auth.sts, auth.proxy or auth.alb" }}
{{- end }}
{{- if and $named (not .Values.auth.enabled) }}
{{- fail "callers are named below auth, but auth.enabled is false, which answers everybody: set auth.enabled=true" }}
{{- end }}
{{- if and .Values.auth.userRoleArn (not $openid) }}
{{- fail "auth.userRoleArn exchanges a caller's own token: set auth.oidc.issuer, auth.identityCenter.issuer or auth.issuers" }}
{{- end }}
{{- if and .Values.auth.oidc.issuer (not .Values.auth.oidc.audience) }}
{{- fail "auth.oidc.issuer needs auth.oidc.audience: tokens made for other programs must not be taken" }}
{{- end }}
{{- if and .Values.auth.identityCenter.issuer (not .Values.auth.identityCenter.clientId) }}
{{- fail "auth.identityCenter.issuer needs auth.identityCenter.clientId: tokens made for other programs must not be taken" }}
{{- end }}
{{- if and (eq .Values.aws.identity "secret") (not $credentials) }}
{{- fail "aws.identity is secret: set aws.credentials.existingSecret or externalSecrets.credentials.remoteKey" }}
{{- end }}
{{- if and $credentials (ne .Values.aws.identity "secret") }}
{{- fail (printf "a credentials Secret is named, but aws.identity is %s: set aws.identity=secret" .Values.aws.identity) }}
{{- end }}
{{- if and .Values.aws.roleArn (ne .Values.aws.identity "irsa") }}
{{- fail (printf "aws.roleArn is for aws.identity=irsa, but it is %s" .Values.aws.identity) }}
{{- end }}
{{- if and .Values.aws.roleArn (not .Values.serviceAccount.create) }}
{{- fail "aws.roleArn goes onto the chart's own service account: set serviceAccount.create=true, or annotate yours with eks.amazonaws.com/role-arn and leave aws.roleArn empty" }}
{{- end }}
{{- range $name := list "tokens" "sigv4Keys" "credentials" }}
{{- if and (get $.Values.externalSecrets $name).remoteKey (not $.Values.externalSecrets.secretStoreRef.name) }}
{{- fail (printf "externalSecrets.%s.remoteKey needs externalSecrets.secretStoreRef.name" $name) }}
{{- end }}
{{- end }}
{{- if and .Values.autoscaling.enabled (lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas)) }}
{{- fail "autoscaling.maxReplicas is less than autoscaling.minReplicas" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) }}
{{- fail "metrics.serviceMonitor.enabled is true, but metrics.enabled is false: there is nothing to scrape" }}
{{- end }}
{{- if or (eq (int .Values.metrics.port) 3334) (and .Values.metrics.enabled (eq (int .Values.metrics.port) (int .Values.service.port))) }}
{{- fail "metrics.port is the port of the server itself: choose another" }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
{{- fail "ingress.enabled is true: name at least one of ingress.hosts" }}
{{- end }}
{{- end }}
