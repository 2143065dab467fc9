{{- define "exporter.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "exporter.labels" -}}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "exporter.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "exporter.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "exporter.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the token; empty if there is none. */}}
{{- define "exporter.tokenSecret" -}}
{{- if .Values.token.existingSecret -}}
{{- .Values.token.existingSecret -}}
{{- else if .Values.token.value -}}
{{- printf "%s-token" (include "exporter.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* The configuration, with the file of the token if it names no other. */}}
{{- define "exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if include "exporter.tokenSecret" . -}}
{{- $hub := default dict $config.hub -}}
{{- if not (or $hub.token $hub.token_file) -}}
{{- $_ := set $config "hub" (set $hub "token_file" "/token/hub.token") -}}
{{- end -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* The Secret with the file of --web.config.file; empty if there is none. */}}
{{- define "exporter.webSecret" -}}
{{- if .Values.web.existingSecret -}}
{{- .Values.web.existingSecret -}}
{{- else if or .Values.web.config .Values.web.tlsSecret -}}
{{- printf "%s-web" (include "exporter.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* The file of --web.config.file. */}}
{{- define "exporter.webConfig" -}}
{{- $config := deepCopy .Values.web.config -}}
{{- if and .Values.web.tlsSecret (not $config.tls_server_config) -}}
{{- $_ := set $config "tls_server_config" (dict "cert_file" "/web-tls/tls.crt" "key_file" "/web-tls/tls.key") -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* http or https, as far as the values say it. */}}
{{- define "exporter.scheme" -}}
{{- if or .Values.web.tlsSecret .Values.web.config.tls_server_config }}https{{ else }}http{{ end -}}
{{- end -}}

{{/* What stands before every route, as serve makes it of its flags. */}}
{{- define "exporter.routePrefix" -}}
{{- $path := default (default "/" .Values.web.externalUrl | urlParse).path .Values.web.routePrefix | trimAll "/" -}}
{{- with $path }}/{{ . }}{{ end -}}
{{- end -}}

{{/* The flags that serve and healthcheck share. */}}
{{- define "exporter.webArgs" -}}
- --web.listen-address=:10061
{{- if include "exporter.webSecret" . }}
- --web.config.file=/web/web.yaml
{{- end }}
{{- with .Values.web.externalUrl }}
- {{ printf "--web.external-url=%s" . | quote }}
{{- end }}
{{- with .Values.web.routePrefix }}
- {{ printf "--web.route-prefix=%s" . | quote }}
{{- end }}
{{- range .Values.extraArgs }}
{{- if or (hasPrefix "--web.config.file" .) (hasPrefix "--web.external-url" .) (hasPrefix "--web.route-prefix" .) }}
{{- fail (printf "expected the values web.existingSecret, web.externalUrl and web.routePrefix, which the probes follow, got %s in extraArgs" .) }}
{{- end }}
{{- end }}
{{- end -}}

{{/* A probe: of what the values have, and healthcheck unless they have a handler. */}}
{{- define "exporter.probe" -}}
{{- $probe := deepCopy .probe -}}
{{- if not (or $probe.exec $probe.httpGet $probe.tcpSocket $probe.grpc) -}}
{{- $command := concat (list "/usr/bin/huggingface_exporter" "healthcheck") (.root | include "exporter.webArgs" | fromYamlArray) .args .root.Values.healthcheckArgs -}}
{{- $_ := set $probe "exec" (dict "command" $command) -}}
{{- end -}}
{{- toYaml $probe -}}
{{- end -}}

{{/* The storage engine of the configuration. */}}
{{- define "exporter.engine" -}}
{{- default "embedded" (dig "storage" "engine" "" .Values.config) -}}
{{- end -}}
