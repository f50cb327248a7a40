{{/* Every setting that comes from a value, as a map of names to strings. Nothing secret. */}}
{{- define "storeplane.settings" -}}
{{- $stores := .Values.stores }}
{{- $settings := .Values.settings }}
{{- $controller := .Values.ingressController }}
{{- $dns := .Values.networkPolicies.dns }}
STOREPLANE_NAMESPACE: {{ .Release.Namespace | quote }}
STOREPLANE_SECURE: {{ and .Values.ingress.enabled .Values.ingress.tls.enabled | quote }}
STOREPLANE_CSRF_TRUSTED_ORIGINS: {{ include "storeplane.origin" . | quote }}
STOREPLANE_DOMAIN: {{ $stores.domain | quote }}
STOREPLANE_STORE_SCHEME: {{ $stores.scheme | quote }}
STOREPLANE_STORE_PORT: {{ $stores.port | quote }}
STOREPLANE_IMAGE_MEDUSA: {{ include "storeplane.image" (dict "root" . "image" $stores.images.medusa) | quote }}
STOREPLANE_IMAGE_STOREFRONT: {{ include "storeplane.image" (dict "root" . "image" $stores.images.storefront) | quote }}
STOREPLANE_IMAGE_POSTGRES: {{ include "storeplane.image" (dict "root" . "image" $stores.images.postgres) | quote }}
STOREPLANE_IMAGE_PULL_POLICY: {{ $stores.imagePullPolicy | quote }}
STOREPLANE_IMAGE_PULL_SECRETS: {{ join "," $stores.imagePullSecrets | quote }}
STOREPLANE_STORAGE_CLASS: {{ $stores.storageClass | quote }}
STOREPLANE_INGRESS_CLASS: {{ $stores.ingress.className | quote }}
STOREPLANE_INGRESS_ANNOTATIONS: {{ toJson $stores.ingress.annotations | replace "$" "$$" | quote }}
STOREPLANE_INGRESS_NAMESPACE_LABELS: {{ include "storeplane.pairs" ($stores.ingressController.namespaceLabels | default $controller.namespaceLabels) | quote }}
STOREPLANE_INGRESS_POD_LABELS: {{ include "storeplane.pairs" ($stores.ingressController.podLabels | default $controller.podLabels) | quote }}
STOREPLANE_INGRESS_CIDRS: {{ $stores.ingressController.cidrs | default $controller.cidrs | join "," | quote }}
STOREPLANE_DNS_NAMESPACE_LABELS: {{ include "storeplane.pairs" ($stores.dns.namespaceLabels | default $dns.namespaceLabels) | quote }}
STOREPLANE_DNS_POD_LABELS: {{ include "storeplane.pairs" ($stores.dns.podLabels | default $dns.podLabels) | quote }}
STOREPLANE_DNS_CIDRS: {{ $stores.dns.cidrs | default $dns.cidrs | join "," | quote }}
STOREPLANE_PROVISION_SLOTS: {{ $stores.provisionSlots | quote }}
STOREPLANE_QUEUE_LIMIT: {{ $stores.queueLimit | quote }}
STOREPLANE_HEARTBEAT_SECONDS: {{ $settings.heartbeatSeconds | quote }}
STOREPLANE_STALE_SECONDS: {{ $settings.staleSeconds | quote }}
STOREPLANE_RESEND_SECONDS: {{ $settings.resendSeconds | quote }}
STOREPLANE_SWEEP_SECONDS: {{ $settings.sweepSeconds | quote }}
STOREPLANE_DRIFT_SECONDS: {{ $settings.driftSeconds | quote }}
STOREPLANE_BLOCKED_SECONDS: {{ $settings.blockedSeconds | quote }}
STOREPLANE_HISTORY_DAYS: {{ $settings.historyDays | quote }}
STOREPLANE_RESOURCE_TENANTS: {{ join "," $settings.resourceTenants | quote }}
STOREPLANE_RESOURCE_DEFAULT_TENANT: {{ $settings.resourceDefaultTenant | quote }}
STOREPLANE_RATE_LIMIT_SCALE: {{ $settings.rateLimitScale | quote }}
STOREPLANE_LOG_FORMAT: {{ $settings.logFormat | quote }}
STOREPLANE_TRUST_USER_HEADER: {{ $settings.trustUserHeader | quote }}
STOREPLANE_TRUSTED_PROXIES: {{ join "," $settings.trustedProxies | quote }}
PROMETHEUS_MULTIPROC_DIR: /var/lib/storeplane/metrics
# Helm's library keeps a cache there, if it needs one.
HOME: /tmp
{{- end }}

{{/* `key=value,key=value` of a map. */}}
{{- define "storeplane.pairs" -}}
{{- $pairs := list }}
{{- range $key, $value := . }}{{ $pairs = append $pairs (printf "%s=%s" $key $value) }}{{ end }}
{{- join "," $pairs }}
{{- end }}

{{- define "storeplane.origin" -}}
{{- if .Values.ingress.enabled }}http{{ if .Values.ingress.tls.enabled }}s{{ end }}://{{ .Values.ingress.host }}{{ end }}
{{- end }}

{{/* The Host that the kubelet's probes carry: one that ALLOWED_HOSTS surely has. */}}
{{- define "storeplane.probedHost" -}}localhost{{- end }}

{{- define "storeplane.secretName" -}}
{{ .Values.secrets.existingSecret | default (printf "%s-secrets" (include "storeplane.name" .)) }}
{{- end }}

{{/* One variable from the release's Secret; the argument is a dict of `root`, `name` and `key`. */}}
{{- define "storeplane.secretEnv" -}}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ include "storeplane.secretName" .root }}, key: {{ .key }}}}
{{- end }}

{{/* The database's URL: with a password that Kubernetes fills in, or from a Secret that holds the whole. */}}
{{- define "storeplane.databaseEnv" -}}
{{- if .Values.postgresql.enabled }}
{{- include "storeplane.secretEnv" (dict "root" . "name" "DATABASE_PASSWORD" "key" "database-password") }}
- name: DATABASE_URL
  value: postgresql://storeplane:$(DATABASE_PASSWORD)@{{ include "storeplane.name" . }}-postgresql:5432/storeplane
{{- else }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret | default (printf "%s-connections" (include "storeplane.name" .)) }}
      key: {{ empty .Values.database.existingSecret | ternary "database-url" .Values.database.key }}
{{- end }}
{{- end }}

{{- define "storeplane.redisEnv" -}}
{{- if .Values.redis.enabled }}
{{- include "storeplane.secretEnv" (dict "root" . "name" "REDIS_PASSWORD" "key" "redis-password") }}
- name: REDIS_URL
  value: redis://:$(REDIS_PASSWORD)@{{ include "storeplane.name" . }}-redis:6379
{{- else }}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ .Values.redis.existingSecret | default (printf "%s-connections" (include "storeplane.name" .)) }}
      key: {{ empty .Values.redis.existingSecret | ternary "redis-url" .Values.redis.key }}
{{- end }}
{{- end }}

{{/* The environment that all of the platform's containers share. */}}
{{- define "storeplane.env" -}}
{{- $name := include "storeplane.name" . }}
{{- include "storeplane.secretEnv" (dict "root" . "name" "STOREPLANE_SECRET_KEY" "key" "secret-key") }}
{{- if .Values.metrics.protected }}
{{ include "storeplane.secretEnv" (dict "root" . "name" "STOREPLANE_METRICS_TOKEN" "key" "metrics-token") }}
{{- end }}
{{ include "storeplane.databaseEnv" . }}
{{ include "storeplane.redisEnv" . }}
{{- range $key, $value := include "storeplane.settings" . | fromYaml }}
- {name: {{ $key }}, value: {{ $value | quote }}}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What a container needs on top that asks the cluster. */}}
{{- define "storeplane.clusterEnv" -}}
{{- if .Values.kubeconfig.existingSecret }}
- {name: KUBECONFIG, value: /etc/storeplane/kubeconfig}
{{- end }}
{{- end }}
