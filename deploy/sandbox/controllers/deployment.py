"""Deployments: a ReplicaSet for each template, and the move from one to the next."""

from __future__ import annotations

from typing import ClassVar

from sandbox.api.errors import ApiError
from sandbox.controllers import rollout
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import (
    Key,
    Obj,
    annotations_of,
    content_hash,
    find_condition,
    is_deleting,
    labels_of,
    owned_by,
    uid_of,
)
from sandbox.controllers.pods import FINISHED, phase_of
from sandbox.controllers.replicaset import replicas_of

HASH_LABEL = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"
# Not copied from a Deployment to its ReplicaSets, as in kube-controller-manager.
_OWN_ANNOTATIONS = {"kubectl.kubernetes.io/last-applied-configuration", REVISION, DESIRED, MAXIMUM}


class DeploymentController(Controller):
    """Rolling updates, revisions and the Available and Progressing conditions."""

    name: ClassVar[str] = "deployment"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self.deployments = self.watch(cluster.cache("deployments", "apps"))
        self.sets = self.watch_owned(cluster.cache("replicasets", "apps"), "Deployment")
        self.pods = cluster.cache("pods")
        self.pods.handlers.append(self._pod_changed)

    def reconcile(self, key: Key) -> float | None:
        """One pass: find or make the new ReplicaSet, move replicas, write the status."""
        deployment = self.deployments.get(key)
        if deployment is None or is_deleting(deployment):
            return None
        failure: ApiError | None = None
        conditions = list((deployment.get("status") or {}).get("conditions") or ())
        try:
            conditions = self._move(deployment, conditions)
        except ApiError as error:
            failure = error
            failed = rollout.progress("False", "ReplicaSetCreateError", error.message)
            conditions = rollout.with_update(conditions, failed)
        self._write_status(self.deployments.get(key) or deployment, conditions)
        if failure is not None:
            raise failure
        left = rollout.deadline_left(deployment, conditions)
        return left + 1 if left else None

    def _move(self, deployment: Obj, conditions: list[Obj]) -> list[Obj]:
        new, old = self._sets_of(deployment)
        if deployment["spec"].get("paused"):
            if new is not None:
                self._resize(deployment, new, rollout.new_size(deployment, new, old))
            return conditions
        if _recreates(deployment) and self._stop_old(deployment, old):
            return conditions
        if new is None:
            new = self._create_set(deployment, old)
            made = f'Created new replica set "{new["metadata"]["name"]}"'
            conditions = rollout.with_update(conditions, rollout.progress("True", "NewReplicaSetCreated", made))
        elif find_condition(conditions, "Progressing") is None:
            found = f'Found new replica set "{new["metadata"]["name"]}"'
            conditions = rollout.with_update(conditions, rollout.progress("True", "FoundNewReplicaSet", found))
        self._number(new, old)
        new = self._resize(deployment, self.sets.get(_key(new)) or new, rollout.new_size(deployment, new, old))
        for name, size in rollout.old_sizes(deployment, new, old).items():
            self._resize(deployment, next(rs for rs in old if rs["metadata"]["name"] == name), size)
        self._prune(deployment, new)
        return conditions

    def _sets_of(self, deployment: Obj) -> tuple[Obj | None, list[Obj]]:
        """The ReplicaSet of the present template, and all others."""
        wanted = content_hash(deployment["spec"]["template"])
        sets = [rs for rs in self.sets.owned_by(uid_of(deployment)) if not is_deleting(rs)]
        new = next((rs for rs in sets if labels_of(rs).get(HASH_LABEL) == wanted), None)
        return new, [rs for rs in sets if rs is not new]

    def _stop_old(self, deployment: Obj, old: list[Obj]) -> bool:
        """Recreate: shrink all old sets; True while a pod of them still lives."""
        for replica_set in old:
            self._resize(deployment, replica_set, 0)
        return any(phase_of(pod) not in FINISHED for rs in old for pod in self.pods.owned_by(uid_of(rs)))

    def _create_set(self, deployment: Obj, old: list[Obj]) -> Obj:
        digest = content_hash(deployment["spec"]["template"])
        template = _with_hash(deployment["spec"]["template"], digest)
        size = rollout.new_size(deployment, None, old)
        selector = dict(deployment["spec"]["selector"])
        selector["matchLabels"] = {**(selector.get("matchLabels") or {}), HASH_LABEL: digest}
        made: Obj = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{deployment['metadata']['name']}-{digest}",
                "namespace": deployment["metadata"]["namespace"],
                "labels": template["metadata"]["labels"],
                "annotations": {**_annotations(deployment, old), REVISION: str(_last_revision(old) + 1)},
                "ownerReferences": [owned_by(deployment, "apps/v1", "Deployment")],
            },
            "spec": {"replicas": size, "selector": selector, "template": template},
        }
        if deployment["spec"].get("minReadySeconds"):
            made["spec"]["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        new = self.cluster.create(self.sets, made)
        if size:
            self._tell(deployment, new, 0, size)
        return new

    def _number(self, new: Obj, old: list[Obj]) -> None:
        """Give the new set the highest revision; a rollback gives an old set a new one."""
        revision = int(annotations_of(new).get(REVISION, "0"))
        if revision <= _last_revision(old):
            revision = _last_revision(old) + 1
            self.cluster.merge(self.sets, new, {"metadata": {"annotations": {REVISION: str(revision)}}})

    def _resize(self, deployment: Obj, replica_set: Obj, size: int) -> Obj:
        before = replicas_of(replica_set)
        wanted = {DESIRED: str(replicas_of(deployment)), MAXIMUM: _maximum(deployment)}
        stale = {name: value for name, value in wanted.items() if annotations_of(replica_set).get(name) != value}
        if before == size and not (stale and size):
            return replica_set
        patch: Obj = {"spec": {"replicas": size}, "metadata": {"annotations": wanted}}
        changed = self.cluster.merge(self.sets, replica_set, patch)
        if before != size:
            self._tell(deployment, replica_set, before, size)
        return changed

    def _tell(self, deployment: Obj, replica_set: Obj, before: int, size: int) -> None:
        direction = "up" if size > before else "down"
        name = replica_set["metadata"]["name"]
        message = f"Scaled {direction} replica set {name} from {before} to {size}"
        self.recorder.normal(deployment, "ScalingReplicaSet", message)

    def _prune(self, deployment: Obj, new: Obj) -> None:
        """Delete the oldest empty sets beyond revisionHistoryLimit."""
        limit = deployment["spec"].get("revisionHistoryLimit")
        old = [rs for rs in self._sets_of(deployment)[1] if uid_of(rs) != uid_of(new)]
        empty = [rs for rs in old if not replicas_of(rs) and not (rs.get("status") or {}).get("replicas")]
        empty.sort(key=lambda rs: int(annotations_of(rs).get(REVISION, "0")))
        for replica_set in empty[: max(0, len(old) - (10 if limit is None else int(limit)))]:
            self.cluster.delete(self.sets, replica_set)

    def _write_status(self, deployment: Obj, conditions: list[Obj]) -> None:
        new, old = self._sets_of(deployment)
        status = rollout.counts(deployment, new, old)
        available = rollout.available_condition(deployment, status)
        if new is not None and not deployment["spec"].get("paused"):
            about = f'ReplicaSet "{new["metadata"]["name"]}"'
            conditions = rollout.with_progress(deployment, conditions, status, about)
        conditions = rollout.with_update(conditions, available)
        conditions = [c for c in conditions if c["type"] != "ReplicaFailure"]
        for replica_set in [*old, *([new] if new else [])]:
            failed = find_condition((replica_set.get("status") or {}).get("conditions"), "ReplicaFailure")
            if failed is not None:
                words = {name: failed[name] for name in ("type", "status", "reason", "message")}
                previous = (deployment.get("status") or {}).get("conditions") or ()
                kept = [c for c in previous if c["type"] == "ReplicaFailure"]
                conditions = [c for c in conditions if c["type"] != "ReplicaFailure"]
                conditions = rollout.with_update([*conditions, *kept], words)
        status["conditions"] = conditions
        self.cluster.set_status(self.deployments, _with_revision(deployment, new), status)

    def _pod_changed(self, old: Obj | None, new: Obj | None) -> None:
        """A Recreate rollout waits until the last old pod is really gone."""
        if new is not None or old is None:
            return
        owner = next((r for r in old["metadata"].get("ownerReferences") or () if r["kind"] == "ReplicaSet"), None)
        replica_set = self.sets.get((old["metadata"]["namespace"], owner["name"])) if owner else None
        for ref in (replica_set or {"metadata": {}})["metadata"].get("ownerReferences") or ():
            self.queue.add((old["metadata"]["namespace"], ref["name"]))


def _key(obj: Obj) -> Key:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _recreates(deployment: Obj) -> bool:
    return bool((deployment["spec"].get("strategy") or {}).get("type") == "Recreate")


def _maximum(deployment: Obj) -> str:
    surge = 0 if _recreates(deployment) else rollout.limits_of(deployment).surge
    return str(replicas_of(deployment) + surge)


def _with_revision(deployment: Obj, new: Obj | None) -> Obj:
    """The Deployment with the revision of its new set; written with the status, which leaves the generation alone."""
    revision = annotations_of(new).get(REVISION) if new else None
    if revision is None or annotations_of(deployment).get(REVISION) == revision:
        return deployment
    annotations = {**annotations_of(deployment), REVISION: revision}
    return {**deployment, "metadata": {**deployment["metadata"], "annotations": annotations}, "status": {}}


def _last_revision(sets: list[Obj]) -> int:
    return max((int(annotations_of(rs).get(REVISION, "0")) for rs in sets), default=0)


def _annotations(deployment: Obj, old: list[Obj]) -> dict[str, str]:
    kept = {name: text for name, text in annotations_of(deployment).items() if name not in _OWN_ANNOTATIONS}
    return {**kept, DESIRED: str(replicas_of(deployment)), MAXIMUM: _maximum(deployment)}


def _with_hash(template: Obj, digest: str) -> Obj:
    meta = dict(template.get("metadata") or {})
    meta["labels"] = {**(meta.get("labels") or {}), HASH_LABEL: digest}
    meta.pop("creationTimestamp", None)
    return {**template, "metadata": meta}
