{{/* Labels that never change while the store lives: for selectors, pod templates and volume claims. */}}
{{- define "medusa.stableLabels" -}}
app.kubernetes.io/name: medusa
app.kubernetes.io/part-of: storeplane
storeplane.dev/store: {{ .Values.store.name }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "medusa.labels" -}}
{{ include "medusa.stableLabels" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* What every pod of the store has in common; the argument is a dict of `root`, `user` and `grace`. */}}
{{- define "medusa.pod" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
automountServiceAccountToken: false
# Variables like POSTGRES_PORT for each Service would only stand in the way of the programs' own.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .grace }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* What every container has in common. */}}
{{- define "medusa.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* One variable from the store's Secret; the argument is a dict of `root` and `key`, and `name` if it differs. */}}
{{- define "medusa.secretEnv" -}}
- name: {{ .name | default .key }}
  valueFrom: {secretKeyRef: {name: {{ .root.Values.secretName }}, key: {{ .key }}}}
{{- end }}

{{/* Where the store's database is. */}}
{{- define "medusa.databaseEnv" -}}
- {name: DATABASE_HOST, value: postgres}
- {name: DATABASE_PORT, value: "5432"}
- {name: DATABASE_NAME, value: medusa}
- {name: DATABASE_USER, value: medusa}
{{ include "medusa.secretEnv" (dict "root" . "key" "POSTGRES_PASSWORD" "name" "DATABASE_PASSWORD") }}
{{- end }}

{{/* The environment of Medusa, the same for preparing and for running. */}}
{{- define "medusa.backendEnv" -}}
{{ include "medusa.databaseEnv" . }}
{{- range list "JWT_SECRET" "COOKIE_SECRET" "ADMIN_EMAIL" "ADMIN_PASSWORD" "PUBLISHABLE_KEY" }}
{{ include "medusa.secretEnv" (dict "root" $ "key" .) }}
{{- end }}
{{- /* U+0085 ends a line in YAML and not in JSON, so what came after it would be YAML of whoever chose the name. */}}
{{- /* Kubernetes fills in $(NAME) in a value: a store called $(JWT_SECRET) must not tell it. $$ is a plain $. */}}
- {name: STORE_NAME, value: {{ .Values.store.displayName | replace "$" "$$" | toJson | replace "\u0085" "\\u0085" }}}
- {name: STORE_URL, value: {{ .Values.store.url | toJson }}}
- {name: PORT, value: "9000"}
# A browser keeps a Secure cookie only over TLS.
- {name: COOKIE_SECURE, value: {{ hasPrefix "https://" .Values.store.url | toString | quote }}}
- {name: MEDUSA_DISABLE_TELEMETRY, value: "true"}
{{- end }}

{{/*
While a pod ends, proxies send it requests until they have heard of it, so its program is told that much later. `exec` and
not `sleep`, which clusters before 1.30 don't know.
*/}}
{{- define "medusa.drain" -}}
{{- with .Values.drainSeconds }}
lifecycle:
  preStop: {exec: {command: [sleep, {{ . | quote }}]}}
{{- end }}
{{- end }}
