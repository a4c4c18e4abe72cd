{{/* The arguments of a process. Takes (list root process). */}}
{{- define "stanchion.arguments" -}}
{{- $root := index . 0 }}{{- $process := index . 1 -}}
- {{ $process.command }}
{{- if and $process.answers $root.Values.webhook.breakGlass }}
- --break-glass
{{- end }}
{{- if and $process.answers (ne $root.Values.certificates.source "own") }}
- --cert-dir=/var/run/stanchion/tls
{{- end }}
{{- /* A process that has files knows that somebody keeps them; a controller without the webhook is told. */}}
{{- if and (not $process.answers) (not (include "stanchion.ownCertificates" $root)) }}
- --no-webhook-certificates
{{- end }}
{{- range $kind := $root.Values.workloadKinds }}
- --workload-kind={{ $kind.kind }}={{ $kind.path }}
{{- end }}
{{- range $root.Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* What a process is told by its environment. */}}
{{- define "stanchion.environment" -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- {name: STANCHION_LOG, value: {{ .Values.logLevel | quote }}}
- {name: STANCHION_TRUST, value: {{ .Values.trust | quote }}}
{{- with .Values.clusterName }}
- {name: STANCHION_CLUSTER_NAME, value: {{ . | quote }}}
{{- end }}
{{- with .Values.otlp.endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Where Pods go: apart from each other, as far as there is room. */}}
{{- define "stanchion.placement" -}}
{{- $root := index . 0 }}{{- $process := index . 1 }}
{{- with $root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
{{- with $root.Values.affinity }}
  {{- toYaml . | nindent 2 }}
{{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "stanchion.selectorLabels" (list $root $process.component) | nindent 14 }}
{{- end }}
topologySpreadConstraints:
{{- with $root.Values.topologySpreadConstraints }}
  {{- toYaml . | nindent 2 }}
{{- else }}
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "stanchion.selectorLabels" (list $root $process.component) | nindent 8 }}
{{- end }}
{{- end }}

{{/* The one container. Takes (list root process). */}}
{{- define "stanchion.container" -}}
{{- $root := index . 0 }}{{- $process := index . 1 }}
{{- $mounted := and $process.answers (include "stanchion.mountedSecret" $root) -}}
name: stanchion
image: {{ include "stanchion.image" $root | quote }}
imagePullPolicy: {{ include "stanchion.pullPolicy" $root }}
args:
  {{- include "stanchion.arguments" . | nindent 2 }}
env:
  {{- include "stanchion.environment" $root | nindent 2 }}
ports:
  - {name: http, containerPort: 8080, protocol: TCP}
  {{- if $process.answers }}
  - {name: https, containerPort: 9443, protocol: TCP}
  {{- end }}
livenessProbe:
  httpGet: {path: /livez, port: http}
  periodSeconds: 10
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  failureThreshold: 2
resources:
  {{- toYaml ((index $root.Values $process.values).resources | default $root.Values.resources) | nindent 2 }}
securityContext:
  {{- toYaml $root.Values.securityContext | nindent 2 }}
{{- if or $mounted $root.Values.extraVolumeMounts }}
volumeMounts:
  {{- if $mounted }}
  - {name: tls, mountPath: /var/run/stanchion/tls, readOnly: true}
  {{- end }}
  {{- with $root.Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* The Pod's spec. Takes (list root process). */}}
{{- define "stanchion.podSpec" -}}
{{- $root := index . 0 }}{{- $process := index . 1 }}
{{- $mounted := and $process.answers (include "stanchion.mountedSecret" $root) -}}
serviceAccountName: {{ include "stanchion.serviceAccountName" $root }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $root.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{ include "stanchion.placement" . | trim }}
containers:
  - {{ include "stanchion.container" . | nindent 4 | trim }}
{{- if or $mounted $root.Values.extraVolumes }}
volumes:
  {{- if $mounted }}
  - name: tls
    secret:
      secretName: {{ include "stanchion.mountedSecret" $root }}
  {{- end }}
  {{- with $root.Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
