{{/*
A standard or a tier. Helm looks all kinds up before it creates anything, so that a release can't bring a kind and an
object of it: where the API server doesn't serve the kind yet, the object is a hook, made once everything else is there. It
bears the marks of the release, and the next upgrade takes it over: a rollout that has begun is not begun again. Helm removes
none of them, neither with the release nor when its name is taken out of the values: with a standard goes its stage. Takes a
dict: root, object.
*/}}
{{- define "stanchion.ownKind" -}}
{{- $annotations := dict "helm.sh/resource-policy" "keep" }}
{{- if not (.root.Capabilities.APIVersions.Has (printf "stanchion.dev/v1alpha1/%s" .object.kind)) }}
{{- $annotations = merge $annotations (dict
  "helm.sh/hook" "post-install,post-upgrade"
  "helm.sh/hook-delete-policy" "hook-failed"
  "meta.helm.sh/release-name" .root.Release.Name
  "meta.helm.sh/release-namespace" .root.Release.Namespace) }}
{{- end }}
{{- include "stanchion.object" (dict "root" .root "object" .object "annotations" $annotations) }}
{{- end }}
