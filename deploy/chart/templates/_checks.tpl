{{/* What a schema can't tell: values that contradict each other. One sentence each. */}}
{{- define "storeplane.checks" -}}
{{- $database := or .Values.database.url .Values.database.existingSecret }}
{{- if and .Values.postgresql.enabled $database }}
{{- fail "database.url or database.existingSecret is set, but postgresql.enabled is true: set it to false, or leave them empty." }}
{{- end }}
{{- if not (or .Values.postgresql.enabled $database) }}
{{- fail "There is no database: set postgresql.enabled, database.url or database.existingSecret." }}
{{- end }}
{{- $redis := or .Values.redis.url .Values.redis.existingSecret }}
{{- if and .Values.redis.enabled $redis }}
{{- fail "redis.url or redis.existingSecret is set, but redis.enabled is true: set it to false, or leave them empty." }}
{{- end }}
{{- if not (or .Values.redis.enabled $redis) }}
{{- fail "There is no Redis: set redis.enabled, redis.url or redis.existingSecret." }}
{{- end }}
{{- if .Values.networkPolicies.enabled }}
{{- range $server, $inside := dict "database" .Values.postgresql.enabled "redis" .Values.redis.enabled }}
{{- $outside := index $.Values.networkPolicies $server }}
{{- if not (or $inside $outside.cidrs (and $outside.namespaceLabels $outside.podLabels)) }}
{{- fail (printf "networkPolicies.%s says nowhere: set its cidrs, or namespaceLabels and podLabels, to where the server is, or networkPolicies.enabled to false." $server) }}
{{- end }}
{{- end }}
{{- end }}
{{- if gt (mulf 4.0 .Values.settings.heartbeatSeconds) (float64 .Values.settings.staleSeconds) }}
{{- fail "settings.heartbeatSeconds may be a quarter of settings.staleSeconds at most: a worker that misses a beat would be taken for lost." }}
{{- end }}
{{- end }}
