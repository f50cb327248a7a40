"""Pods that their StatefulSet won't replace by itself.

One that makes its pods in order waits for each to be ready before it does anything else, also for a pod of a template
that has been put right since (kubernetes/kubernetes#67250). The documentation's way out is to delete that pod by hand
("Forced rollback"); here the platform does it.
"""

from collections.abc import Callable, Sequence

import structlog

from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import POD

_REVISION = "controller-revision-hash"

log = structlog.get_logger(__name__)


def is_observed(stateful_set: Manifest) -> bool:
    """Whether the status speaks of the present template."""
    status = stateful_set.get("status", {})
    return bool(status.get("observedGeneration", 0) >= stateful_set["metadata"].get("generation", 1))


def superseded(stateful_set: Manifest | None, pods: Sequence[Manifest]) -> list[Manifest]:
    """The pods of another template than the present one that aren't ready: nothing would ever replace them."""
    if stateful_set is None or not is_observed(stateful_set):
        return []
    present = stateful_set["status"].get("updateRevision")
    return [
        pod
        for pod in pods
        if pod["metadata"].get("labels", {}).get(_REVISION) != present
        and not pod["metadata"].get("deletionTimestamp")
        and not _is_ready(pod)
    ]


def replace(cluster: Cluster, pods: Sequence[Manifest], check: Callable[[], None]) -> None:
    """Delete the pods, so that their StatefulSet makes them anew; `check` raises when that is no longer ours to do."""
    for pod in pods:
        metadata = pod["metadata"]
        check()
        if cluster.delete(POD, metadata["name"], metadata["namespace"], uid=metadata["uid"]):
            log.info("pod of an older template deleted", name=metadata["name"], namespace=metadata["namespace"])


def _is_ready(pod: Manifest) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
