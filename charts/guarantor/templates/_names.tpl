{{- define "guarantor.fullname" -}}
{{- if contains "guarantor" .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-guarantor" .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "guarantor.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "guarantor.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "guarantor.selectorLabels" -}}
app.kubernetes.io/name: guarantor
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "guarantor.labels" -}}
{{ include "guarantor.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}
