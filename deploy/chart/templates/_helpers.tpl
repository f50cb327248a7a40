{{/* The name of every object begins with the release's; what is of the whole cluster has a name of its own. */}}
{{- define "storeplane.name" -}}
{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* Labels that never change while the release lives: for selectors, pod templates and volume claims. */}}
{{- define "storeplane.stableLabels" -}}
app.kubernetes.io/name: storeplane
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Labels of every object. */}}
{{- define "storeplane.labels" -}}
{{ include "storeplane.stableLabels" . }}
app.kubernetes.io/part-of: storeplane
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{/* An image behind the registry of the values; the argument is a dict of `root` and `image`. */}}
{{- define "storeplane.image" -}}
{{- with .root.Values.registry }}{{ . | trimSuffix "/" }}/{{ end }}{{ .image }}
{{- end }}

{{/* What every pod has in common; the argument is a dict of `root`, `user`, `grace` and `account` (a name, or empty). */}}
{{- define "storeplane.pod" -}}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .account }}
serviceAccountName: {{ . }}
{{- end }}
# A token only for who asks the cluster, and not when a kubeconfig tells of another one.
automountServiceAccountToken: {{ and (ne .account "") (empty .root.Values.kubeconfig.existingSecret) }}
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
{{- define "storeplane.security" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* A container of the platform's image up to its environment; the argument is a dict of `root`, `name`, `command`. */}}
{{- define "storeplane.container" -}}
- name: {{ .name }}
  image: {{ include "storeplane.image" (dict "root" .root "image" .root.Values.images.platform) }}
  imagePullPolicy: {{ .root.Values.imagePullPolicy }}
  command: {{ toJson .command }}
  {{- include "storeplane.security" . | nindent 2 }}
{{- end }}

{{/* Folders that a container may write to. The folder of metrics is the pod's own: its files are named by processes. */}}
{{- define "storeplane.mounts" -}}
- {name: tmp, mountPath: /tmp}
- {name: metrics, mountPath: /var/lib/storeplane/metrics}
{{- if and .cluster .root.Values.kubeconfig.existingSecret }}
- {name: kubeconfig, mountPath: /etc/storeplane, readOnly: true}
{{- end }}
{{- end }}

{{- define "storeplane.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 256Mi}}
- {name: metrics, emptyDir: {sizeLimit: 64Mi}}
{{- if and .cluster .root.Values.kubeconfig.existingSecret }}
- name: kubeconfig
  secret:
    secretName: {{ .root.Values.kubeconfig.existingSecret }}
    items: [{key: {{ .root.Values.kubeconfig.key }}, path: kubeconfig}]
{{- end }}
{{- end }}

{{/* Keeps new code from an old schema: it waits until the Job of the release has migrated. */}}
{{- define "storeplane.waits" -}}
{{- $command := list "python" "manage.py" "wait_for_migrations" "--timeout" (.Values.prepare.deadlineSeconds | toString) }}
{{- include "storeplane.container" (dict "root" . "name" "wait" "command" $command) }}
  env: {{- include "storeplane.env" . | nindent 4 }}
  resources: {{- toYaml .Values.prepare.resources | nindent 4 }}
  volumeMounts: {{- include "storeplane.mounts" (dict "root" . "cluster" false) | nindent 4 }}
{{- end }}

{{/* The pods that the components of a list make; the argument is a dict of `root` and `components`. */}}
{{- define "storeplane.pods" -}}
matchLabels: {{- include "storeplane.stableLabels" .root | nindent 2 }}
matchExpressions:
  - {key: app.kubernetes.io/component, operator: In, values: {{ toJson .components }}}
{{- end }}

{{/* A pod of each kind on another node, where there are nodes enough; the argument is a dict of `root` and `component`. */}}
{{- define "storeplane.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "storeplane.stableLabels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Whether the Job can run before everything else: only where the database is there before the release. */}}
{{- define "storeplane.hooked" -}}
{{- if not .Values.postgresql.enabled }}true{{ end }}
{{- end }}

{{/* The annotations of what the Job needs, as a hook; the argument is a dict of `root` and `weight`. */}}
{{- define "storeplane.hook" -}}
{{- if include "storeplane.hooked" .root }}
annotations:
  helm.sh/hook: pre-install,pre-upgrade
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
{{- end }}
