"""ReplicaSets: as many active pods as the spec says."""

from __future__ import annotations

from typing import ClassVar

from sandbox.api.errors import ApiError
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, is_deleting, random_suffix, uid_of, with_condition
from sandbox.controllers.pods import available_in, deletion_rank, from_template, fully_labeled, is_active, is_ready

# As kube-controller-manager's burst: more are made in the next pass.
BURST = 500


class ReplicaSetController(Controller):
    """Creates and deletes the pods of a ReplicaSet and reports their number."""

    name: ClassVar[str] = "replicaset"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.sets = self.watch(cluster.cache("replicasets", "apps"))
        self.pods = self.watch_owned(cluster.cache("pods"), "ReplicaSet")

    def reconcile(self, key: Key) -> float | None:
        """One pass: create what is missing, delete what is too much, write the status."""
        replica_set = self.sets.get(key)
        if replica_set is None:
            return None
        failure: ApiError | None = None
        if not is_deleting(replica_set):
            try:
                self._scale(replica_set)
            except ApiError as error:
                failure = error
        pods = [pod for pod in self.pods.owned_by(uid_of(replica_set)) if is_active(pod)]
        replica_set = self.sets.get(key) or replica_set
        self.cluster.set_status(self.sets, replica_set, status_of(replica_set, pods, failure))
        if failure is not None:
            raise failure
        wait = int(replica_set["spec"].get("minReadySeconds") or 0)
        waits = [left for pod in pods if (left := available_in(pod, wait))]
        return min(waits) + 0.1 if waits else None

    def _scale(self, replica_set: Obj) -> None:
        pods = [pod for pod in self.pods.owned_by(uid_of(replica_set)) if is_active(pod)]
        missing = replicas_of(replica_set) - len(pods)
        for _ in range(min(missing, BURST)):
            self._create(replica_set)
        for pod in sorted(pods, key=deletion_rank)[: max(0, -missing)]:
            self.cluster.delete(self.pods, pod)
            self.recorder.normal(replica_set, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def _create(self, replica_set: Obj) -> None:
        name = f"{replica_set['metadata']['name']}-{random_suffix()}"
        pod = from_template(replica_set["spec"]["template"], replica_set, "apps/v1", "ReplicaSet", name)
        pod["metadata"]["generateName"] = f"{replica_set['metadata']['name']}-"
        try:
            self.cluster.create(self.pods, pod)
        except ApiError as error:
            self.recorder.warning(replica_set, "FailedCreate", f"Error creating: {error.message}")
            raise
        self.recorder.normal(replica_set, "SuccessfulCreate", f"Created pod: {name}")


def replicas_of(workload: Obj) -> int:
    """spec.replicas, one by default."""
    replicas = workload["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def status_of(replica_set: Obj, pods: list[Obj], failure: ApiError | None) -> Obj:
    """The status of a ReplicaSet with these active pods."""
    spec, old = replica_set["spec"], replica_set.get("status") or {}
    wait = int(spec.get("minReadySeconds") or 0)
    status: Obj = {
        "replicas": len(pods),
        "fullyLabeledReplicas": sum(fully_labeled(pod, spec["template"]) for pod in pods),
        "readyReplicas": sum(is_ready(pod) for pod in pods),
        "availableReplicas": sum(available_in(pod, wait) == 0 for pod in pods),
    }
    status = {name: count for name, count in status.items() if count or name == "replicas"}
    status["observedGeneration"] = replica_set["metadata"].get("generation", 1)
    told = old.get("conditions") or []
    conditions = [c for c in told if c["type"] != "ReplicaFailure"]
    if failure is not None:
        # One that is told already stays as it is, as with Kubernetes' own controller: the message names a pod that is
        # another each time, and a status that changes with each attempt would bring on the next one at once.
        reason = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": failure.message}
        conditions = told if len(conditions) < len(told) else with_condition(told, reason)
    if conditions:
        status["conditions"] = conditions
    return status
