{{/*
Names are fixed: the lease, the webhook's configuration, its Service and its Secret are found by them, and a cluster has one
installation.
*/}}

{{/* The labels by which Pods are selected, and which never change. Takes (list root component). */}}
{{- define "stanchion.selectorLabels" -}}
app.kubernetes.io/name: stanchion
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* The labels of everything. */}}
{{- define "stanchion.labels" -}}
{{- $own := dict
  "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_")
  "app.kubernetes.io/name" "stanchion"
  "app.kubernetes.io/instance" .Release.Name
  "app.kubernetes.io/part-of" "stanchion"
  "app.kubernetes.io/version" .Chart.AppVersion
  "app.kubernetes.io/managed-by" .Release.Service }}
{{- toYaml (merge $own .Values.commonLabels) }}
{{- end }}

{{/*
The metadata of an object. Takes a dict: root, name, and at will cluster (it has no namespace), component, labels,
annotations.
*/}}
{{- define "stanchion.metadata" -}}
{{- $root := .root }}
{{- $labels := merge (include "stanchion.labels" $root | fromYaml) (.labels | default dict) }}
{{- with .component }}{{- $labels = set $labels "app.kubernetes.io/component" . }}{{- end }}
{{- $annotations := merge (dict) (.annotations | default dict) $root.Values.commonAnnotations -}}
name: {{ .name }}
{{- if not .cluster }}
namespace: {{ $root.Release.Namespace }}
{{- end }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
An object from a file, with the labels and annotations of everything. Takes a dict: root, object, and at will labels and
annotations of its own.
*/}}
{{- define "stanchion.object" -}}
{{- $metadata := .object.metadata }}
{{- $labels := merge (include "stanchion.labels" .root | fromYaml) (.labels | default dict) ($metadata.labels | default dict) }}
{{- $annotations := merge (dict) (.annotations | default dict) ($metadata.annotations | default dict) .root.Values.commonAnnotations }}
{{- $_ := set $metadata "labels" $labels }}
{{- if $annotations }}{{- $_ := set $metadata "annotations" $annotations }}{{- end }}
{{- if hasKey $metadata "namespace" }}{{- $_ := set $metadata "namespace" .root.Release.Namespace }}{{- end }}
{{- toYaml .object }}
{{- end }}

{{- define "stanchion.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default "stanchion" }}
{{- end }}

{{/* Whether the operator keeps the webhook's certificates: "true" or nothing. */}}
{{- define "stanchion.ownCertificates" -}}
{{- if and .Values.webhook.enabled (eq .Values.certificates.source "own") }}true{{- end }}
{{- end }}

{{/* The image, by digest where there is one; the tag is then for people. */}}
{{- define "stanchion.image" -}}
{{- .Values.image.repository -}}
{{- with .Values.image.tag }}:{{ . }}{{- else }}{{- if not .Values.image.digest }}:{{ .Chart.AppVersion }}{{- end }}{{- end }}
{{- with .Values.image.digest }}@{{ . }}{{- end }}
{{- end }}

{{/* A tag can be moved, so that it is asked for at each start; a digest can't. */}}
{{- define "stanchion.pullPolicy" -}}
{{- .Values.image.pullPolicy | default (ternary "IfNotPresent" "Always" (ne .Values.image.digest "")) }}
{{- end }}

{{/* What runs, as a list under the key `processes`: its name, its subcommand, and the values that are its own. */}}
{{- define "stanchion.processes" -}}
processes:
{{- if eq .Values.mode "separate" }}
  - {name: stanchion-controller, command: controller, component: controller, answers: false, values: controller}
  {{- if .Values.webhook.enabled }}
  - {name: stanchion-webhook, command: webhook, component: webhook, answers: true, values: webhook}
  {{- end }}
{{- else if .Values.webhook.enabled }}
  - {name: stanchion, command: run, component: operator, answers: true, values: controller}
{{- else }}
  - {name: stanchion, command: controller, component: operator, answers: false, values: controller}
{{- end }}
{{- end }}

{{/* The Secret that is mounted, if one is: the operator reads its own by the API. */}}
{{- define "stanchion.mountedSecret" -}}
{{- if eq .Values.certificates.source "cert-manager" }}stanchion-webhook-tls
{{- else if eq .Values.certificates.source "given" }}
{{- required "certificates.given.secretName is needed where certificates.source is given" .Values.certificates.given.secretName }}
{{- end }}
{{- end }}
