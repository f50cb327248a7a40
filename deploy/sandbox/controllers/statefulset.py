"""StatefulSets: pods with stable names and volumes, made and replaced in order."""

from __future__ import annotations

from typing import ClassVar

from sandbox.api.errors import ApiError
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, content_hash, is_deleting, labels_of, uid_of
from sandbox.controllers.pods import FINISHED, available_in, from_template, is_available, is_ready, phase_of
from sandbox.controllers.replicaset import replicas_of

REVISION_LABEL = "controller-revision-hash"
POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name"
POD_INDEX_LABEL = "apps.kubernetes.io/pod-index"


class StatefulSetController(Controller):
    """One pod for each ordinal; its volume claims outlive it."""

    name: ClassVar[str] = "statefulset"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.sets = self.watch(cluster.cache("statefulsets", "apps"))
        self.pods = self.watch_owned(cluster.cache("pods"), "StatefulSet")
        self.claims = cluster.cache("persistentvolumeclaims")

    def reconcile(self, key: Key) -> float | None:
        """One pass: at most one pod is made or deleted at a time, unless the policy is Parallel."""
        stateful_set = self.sets.get(key)
        if stateful_set is None:
            return None
        failure: ApiError | None = None
        if not is_deleting(stateful_set):
            try:
                self._act(stateful_set)
            except ApiError as error:
                failure = error
        pods = self._pods_of(stateful_set)
        stateful_set = self.sets.get(key) or stateful_set
        self.cluster.set_status(self.sets, stateful_set, status_of(stateful_set, list(pods.values())))
        if failure is not None:
            raise failure
        wait = int(stateful_set["spec"].get("minReadySeconds") or 0)
        waits = [left for pod in pods.values() if (left := available_in(pod, wait))]
        return min(waits) + 0.1 if waits else None

    def _pods_of(self, stateful_set: Obj) -> dict[int, Obj]:
        name = stateful_set["metadata"]["name"]
        found = {}
        for pod in self.pods.owned_by(uid_of(stateful_set)):
            prefix, _, ordinal = pod["metadata"]["name"].rpartition("-")
            if prefix == name and ordinal.isdigit():
                found[int(ordinal)] = pod
        return dict(sorted(found.items()))

    def _act(self, stateful_set: Obj) -> None:
        pods = self._pods_of(stateful_set)
        parallel = stateful_set["spec"].get("podManagementPolicy") == "Parallel"
        wait = int(stateful_set["spec"].get("minReadySeconds") or 0)
        start = int((stateful_set["spec"].get("ordinals") or {}).get("start") or 0)
        wanted = range(start, start + replicas_of(stateful_set))
        for ordinal in wanted:
            pod = pods.get(ordinal)
            if pod is None:
                self._create(stateful_set, ordinal)
            elif phase_of(pod) in FINISHED and not is_deleting(pod):
                self.cluster.delete(self.pods, pod)
                self.recorder.normal(stateful_set, "SuccessfulDelete", _deleted(stateful_set, pod))
            healthy = pod is not None and not is_deleting(pod) and is_available(pod, wait)
            if not healthy and not parallel:
                return  # in order: the next waits until this one is ready
        if self._shrink(stateful_set, pods, wanted, parallel=parallel):
            return
        self._update(stateful_set, {ordinal: pods[ordinal] for ordinal in wanted if ordinal in pods})

    def _shrink(self, stateful_set: Obj, pods: dict[int, Obj], wanted: range, *, parallel: bool) -> bool:
        extra = [pods[ordinal] for ordinal in sorted(pods, reverse=True) if ordinal not in wanted]
        for pod in extra:
            if not is_deleting(pod):
                self.cluster.delete(self.pods, pod)
                self.recorder.normal(stateful_set, "SuccessfulDelete", _deleted(stateful_set, pod))
            if not parallel:
                return True
        return bool(extra)

    def _update(self, stateful_set: Obj, pods: dict[int, Obj]) -> None:
        """Replace pods of an old revision, the highest ordinal first, one at a time."""
        strategy = stateful_set["spec"].get("updateStrategy") or {}
        if strategy.get("type") == "OnDelete":
            return
        partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
        revision = revision_of(stateful_set)
        for ordinal in sorted(pods, reverse=True):
            pod = pods[ordinal]
            if ordinal < partition:
                return
            if labels_of(pod).get(REVISION_LABEL) != revision and not is_deleting(pod):
                self.cluster.delete(self.pods, pod)
                self.recorder.normal(stateful_set, "SuccessfulDelete", _deleted(stateful_set, pod))
                return
            if is_deleting(pod) or not is_ready(pod):
                return

    def _create(self, stateful_set: Obj, ordinal: int) -> None:
        name = f"{stateful_set['metadata']['name']}-{ordinal}"
        title = stateful_set["metadata"]["name"]
        pod = from_template(stateful_set["spec"]["template"], stateful_set, "apps/v1", "StatefulSet", name)
        pod["metadata"]["labels"] |= {
            REVISION_LABEL: revision_of(stateful_set),
            POD_NAME_LABEL: name,
            POD_INDEX_LABEL: str(ordinal),
        }
        pod["spec"] |= {"hostname": name}
        if stateful_set["spec"].get("serviceName"):
            pod["spec"]["subdomain"] = stateful_set["spec"]["serviceName"]
        try:
            self._claim_volumes(stateful_set, ordinal, pod)
            self.cluster.create(self.pods, pod)
        except ApiError as error:
            message = f"create Pod {name} in StatefulSet {title} failed error: {error.message}"
            self.recorder.warning(stateful_set, "FailedCreate", message)
            raise
        message = f"create Pod {name} in StatefulSet {title} successful"
        self.recorder.normal(stateful_set, "SuccessfulCreate", message)

    def _claim_volumes(self, stateful_set: Obj, ordinal: int, pod: Obj) -> None:
        """Make the claims of this ordinal that don't exist, and hang them into the pod."""
        namespace, title = stateful_set["metadata"]["namespace"], stateful_set["metadata"]["name"]
        volumes = list(pod["spec"].get("volumes") or ())
        for template in stateful_set["spec"].get("volumeClaimTemplates") or ():
            short = template["metadata"]["name"]
            name = f"{short}-{title}-{ordinal}"
            volumes = [v for v in volumes if v["name"] != short]
            volumes.append({"name": short, "persistentVolumeClaim": {"claimName": name}})
            if self.claims.get((namespace, name)) is None:
                self.cluster.create(self.claims, _claim(stateful_set, template, name))
                message = f"create Claim {name} Pod {title}-{ordinal} in StatefulSet {title} success"
                self.recorder.normal(stateful_set, "SuccessfulCreate", message)
        if volumes:
            pod["spec"]["volumes"] = volumes


def _claim(stateful_set: Obj, template: Obj, name: str) -> Obj:
    labels = {
        **(template["metadata"].get("labels") or {}),
        **(stateful_set["spec"]["selector"].get("matchLabels") or {}),
    }
    meta: Obj = {"name": name, "namespace": stateful_set["metadata"]["namespace"], "labels": labels}
    if template["metadata"].get("annotations"):
        meta["annotations"] = template["metadata"]["annotations"]
    kind = {"apiVersion": "v1", "kind": "PersistentVolumeClaim"}
    return {**kind, "metadata": meta, "spec": dict(template["spec"])}


def _deleted(stateful_set: Obj, pod: Obj) -> str:
    name = stateful_set["metadata"]["name"]
    return f"delete Pod {pod['metadata']['name']} in StatefulSet {name} successful"


def revision_of(stateful_set: Obj) -> str:
    """The name of the revision of the present template."""
    return f"{stateful_set['metadata']['name']}-{content_hash(stateful_set['spec']['template'])}"


def status_of(stateful_set: Obj, pods: list[Obj]) -> Obj:
    """The status of a StatefulSet with these pods."""
    old, spec = stateful_set.get("status") or {}, stateful_set["spec"]
    update = revision_of(stateful_set)
    live = [pod for pod in pods if not is_deleting(pod) and phase_of(pod) not in FINISHED]
    updated = [pod for pod in live if labels_of(pod).get(REVISION_LABEL) == update]
    ready = sum(is_ready(pod) for pod in live)
    current = old.get("currentRevision") or update
    replicas = replicas_of(stateful_set)
    if len(updated) == len(pods) == replicas and all(is_ready(pod) for pod in updated):
        current = update  # the rolling update is over
    status: Obj = {
        "observedGeneration": stateful_set["metadata"].get("generation", 1),
        "replicas": len(pods),
        "readyReplicas": ready,
        "availableReplicas": sum(is_available(pod, int(spec.get("minReadySeconds") or 0)) for pod in live),
        "currentReplicas": sum(labels_of(pod).get(REVISION_LABEL) == current for pod in live),
        "updatedReplicas": len(updated),
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
    }
    optional = ("readyReplicas", "currentReplicas", "updatedReplicas")
    return {name: value for name, value in status.items() if value or name not in optional}
