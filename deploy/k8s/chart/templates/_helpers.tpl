{{- define "weft.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "weft.selector" -}}
app.kubernetes.io/name: weft
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "weft.labels" -}}
{{ include "weft.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
{{- end }}

{{- /* weft://weft-coordinator-0.weft-coordinators:7077,… */ -}}
{{- define "weft.master" -}}
{{- $name := .Release.Name -}}
weft://
{{- range $i := until (int .Values.coordinator.replicas) -}}
{{- if $i }},{{ end }}{{ $name }}-coordinator-{{ $i }}.{{ $name }}-coordinators:7077
{{- end -}}
{{- end }}

{{- define "weft.scheme" -}}
{{ ternary "HTTPS" "HTTP" (ne .Values.tls.secret "") }}
{{- end }}

{{- /* What pods of both kinds have in common. */ -}}
{{- define "weft.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 7077
  runAsGroup: 7077
  fsGroup: 7077
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
terminationGracePeriodSeconds: {{ .values.terminationGracePeriodSeconds }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "weft.container" -}}
image: {{ include "weft.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- toYaml .values.resources | nindent 2 }}
{{- end }}

{{- define "weft.arguments" -}}
- --cluster
- {{ .root.Values.cluster | quote }}
- --keys
- /etc/weft/keys
- --work-dir
- /var/lib/weft
{{- if .root.Values.keys.token }}
- --token-file
- /etc/weft/token/token
{{- end }}
{{- if .root.Values.tls.secret }}
- --tls-certificate
- /etc/weft/tls/tls.crt
- --tls-key
- /etc/weft/tls/tls.key
{{- end }}
{{- range concat .root.Values.extraArgs .values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "weft.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ include "weft.scheme" . }}}
  periodSeconds: 2
  failureThreshold: 150
livenessProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ include "weft.scheme" . }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
# A coordinator that stands by is ready too, once it knows who leads: it passes on to it whatever comes.
readinessProbe:
  httpGet: {path: /readyz, port: http, scheme: {{ include "weft.scheme" . }}}
  periodSeconds: 2
  timeoutSeconds: 5
{{- end }}

{{- /* Secrets are single files beside the folder `allowed`, which changes while the process runs. */ -}}
{{- define "weft.mounts" -}}
- name: work
  mountPath: /var/lib/weft
- name: tmp
  mountPath: /tmp
{{- range .secrets }}
- name: keys
  mountPath: /etc/weft/keys/{{ . }}
  subPath: {{ . }}
  readOnly: true
{{- end }}
- name: allowed
  mountPath: /etc/weft/keys/allowed
  readOnly: true
{{- if .root.Values.keys.token }}
- name: token
  mountPath: /etc/weft/token
  readOnly: true
{{- end }}
{{- if .root.Values.tls.secret }}
- name: tls
  mountPath: /etc/weft/tls
  readOnly: true
{{- end }}
{{- with .root.Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "weft.volumes" -}}
- name: tmp
  emptyDir: {}
- name: keys
  secret:
    secretName: {{ .secret }}
    defaultMode: 0400
- name: allowed
  configMap:
    name: {{ .root.Values.keys.allowed }}
{{- if .root.Values.keys.token }}
- name: token
  secret:
    secretName: {{ .root.Values.keys.token }}
    defaultMode: 0400
{{- end }}
{{- if .root.Values.tls.secret }}
- name: tls
  secret:
    secretName: {{ .root.Values.tls.secret }}
    defaultMode: 0400
{{- end }}
{{- with .root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
