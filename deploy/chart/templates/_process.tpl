{{/*
A Deployment of one process without a Service: workers, beat, watcher. The argument is a dict of `root`, `component`,
`command`, `replicas`, `resources`, `grace`, `cluster` (whether it asks the cluster), `env` (more variables, YAML or
empty), `alone` (whether two at a time are to be avoided) and `folder` (one more that it writes to, or empty).
*/}}
{{- define "storeplane.process" -}}
{{- $root := .root }}
{{- $name := printf "%s-%s" (include "storeplane.name" $root) .component }}
{{- $account := .cluster | ternary (include "storeplane.name" $root) "" }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ $name }}
  labels: {{- include "storeplane.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
spec:
  replicas: {{ .replicas }}
  revisionHistoryLimit: 3
  strategy:
    {{- if .alone }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
    {{- end }}
  selector:
    matchLabels: {{- include "storeplane.stableLabels" $root | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
  template:
    metadata:
      labels: {{- include "storeplane.stableLabels" $root | nindent 8 }}
        app.kubernetes.io/part-of: storeplane
        app.kubernetes.io/component: {{ .component }}
      {{- include "storeplane.podAnnotations" $root | nindent 6 }}
    spec:
      {{- include "storeplane.pod" (dict "root" $root "user" 1000 "grace" .grace "account" $account) | nindent 6 }}
      {{- if gt (int .replicas) 1 }}
      {{- include "storeplane.spread" (dict "root" $root "component" .component) | nindent 6 }}
      {{- end }}
      initContainers:
        {{- include "storeplane.waits" $root | nindent 8 }}
      containers:
        {{- include "storeplane.container" (dict "root" $root "name" .component "command" .command) | nindent 8 }}
          env:
            {{- include "storeplane.env" $root | nindent 12 }}
            {{- if .cluster }}
            {{- include "storeplane.clusterEnv" $root | nindent 12 }}
            {{- end }}
            - {name: STOREPLANE_METRICS_PORT, value: {{ $root.Values.metrics.port | quote }}}
            - {name: STOREPLANE_METRICS_HOST, value: "0.0.0.0"}
            {{- with .env }}
            {{- . | nindent 12 }}
            {{- end }}
          ports:
            - {name: metrics, containerPort: {{ $root.Values.metrics.port }}, protocol: TCP}
          # Served once the process works; a worker without its broker waits for it, and is begun anew after a while.
          startupProbe:
            httpGet: &live {path: /live, port: metrics}
            periodSeconds: 2
            timeoutSeconds: 5
            failureThreshold: 150
          # Red when the main loop wasn't seen for a while; never because a server that it talks to is away.
          livenessProbe:
            httpGet: *live
            periodSeconds: 20
            timeoutSeconds: 10
            failureThreshold: 3
          resources: {{- toYaml .resources | nindent 12 }}
          volumeMounts:
            {{- include "storeplane.mounts" (dict "root" $root "cluster" .cluster) | nindent 12 }}
            {{- with .folder }}
            - {name: own, mountPath: {{ . }}}
            {{- end }}
      volumes:
        {{- include "storeplane.volumes" (dict "root" $root "cluster" .cluster) | nindent 8 }}
        {{- if .folder }}
        - {name: own, emptyDir: {sizeLimit: 64Mi}}
        {{- end }}
{{- end }}

{{/* A changed address of a server is a changed pod. A few digits: enough to differ, too few to guess a password by. */}}
{{- define "storeplane.podAnnotations" -}}
annotations:
  storeplane.dev/connections-digest: {{ printf "%s %s" .Values.database.url .Values.redis.url | sha256sum | trunc 8 | quote }}
{{- end }}

{{- define "storeplane.allowedHosts" -}}
{{- $service := printf "%s-web" (include "storeplane.name" .) }}
{{- $hosts := list }}
{{- if .Values.ingress.enabled }}{{ $hosts = append $hosts .Values.ingress.host }}{{ end }}
{{- $hosts = concat $hosts .Values.extraAllowedHosts (list "localhost" "127.0.0.1" "$(POD_IP)" "[$(POD_IP)]") }}
{{- $namespaced := printf "%s.%s" $service .Release.Namespace }}
{{- join "," (concat $hosts (list $service $namespaced (printf "%s.svc" $namespaced))) }}
{{- end }}
