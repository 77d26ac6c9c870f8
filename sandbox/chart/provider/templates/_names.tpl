{{- define "standin.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The release name where it holds the chart's name, else both: `akash-provider` stays, `staging` is `staging-provider`. */}}
{{- define "standin.fullname" -}}
{{- $name := .Values.nameOverride | default .Chart.Name -}}
{{- $full := ternary .Release.Name (print .Release.Name "-" $name) (contains $name .Release.Name) -}}
{{ .Values.fullnameOverride | default $full | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "standin.selector" -}}
app.kubernetes.io/name: {{ include "standin.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "standin.labels" -}}
{{ include "standin.selector" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ print .Chart.Name "-" .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "standin.appLabel" -}}
app: {{ include "standin.fullname" . }}
{{- end }}

{{/* Name and namespace of an object: dict "root" $ "suffix" "-main". */}}
{{- define "standin.named" -}}
name: {{ include "standin.fullname" .root }}{{ .suffix }}
namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- define "standin.account" -}}
{{- .Values.serviceAccount.name | default (ternary (include "standin.fullname" .) "default" .Values.serviceAccount.create) -}}
{{- end }}

{{- define "standin.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "standin.sidecarImage" -}}
{{ .Values.attestation.sidecarImage.repository }}:{{ .Values.attestation.sidecarImage.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The class of the last persistent storage in the attributes goes before letsEncrypt.storage.storageClass. */}}
{{- define "standin.storageClass" -}}
{{- $attributes := dict -}}
{{- range .Values.attributes }}{{ $_ := set $attributes .key .value }}{{ end -}}
{{- $class := "" -}}
{{- range .Values.attributes -}}
  {{- $found := print (trimSuffix "/persistent" .key) "/class" -}}
  {{- if and (regexMatch "^capabilities/storage/.*/persistent$" .key) (eq "true" (toString .value)) (hasKey $attributes $found) -}}
    {{- $class = get $attributes $found -}}
  {{- end -}}
{{- end -}}
{{- $class | default .Values.letsEncrypt.storage.storageClass | default (print (include "standin.fullname" .) "-local-storage") -}}
{{- end }}
