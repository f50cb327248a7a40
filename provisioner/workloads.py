"""Reading a workload's own status: is it ready, and if not, what does it wait for. All pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from provisioner.cluster import Manifest

_HOPELESS = {"InvalidImageName", "ErrImageNeverPull"}
# By itself this may be a kubelet that hasn't read the Secret yet ("failed to sync secret cache"), and tries again.
_HOPELESS_CONFIG = ("not found", "couldn't find key")


def is_ready(workload: Manifest | None) -> bool:
    """True when all wanted replicas of the present generation are ready, and no other is left.

    kubectl's rule for `rollout status`. Counts of zero are left out of a status, so an absent one is zero. While an old
    replica is there, it may be the one that is ready.
    """
    if workload is None or workload["metadata"].get("deletionTimestamp"):
        return False
    status: dict[str, Any] = workload.get("status", {})
    wanted = workload["spec"].get("replicas", 1)
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 1):
        return False
    there, updated, ready = (status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas"))
    return bool(updated >= wanted and there <= updated and ready >= wanted)


def is_serving(workload: Manifest | None) -> bool:
    """True while at least one replica is ready: a rolling update doesn't make a shop unhealthy."""
    if workload is None:
        return False
    wanted = workload["spec"].get("replicas", 1)
    return bool(wanted == 0 or workload.get("status", {}).get("readyReplicas", 0) >= 1)


def describe(pods: Sequence[Manifest], component: str, workload: Manifest | None = None) -> str:
    """What the component waits for, in words: the first thing that its pods complain of, or why it has none."""
    if not pods:
        refused = _refusal(workload)
        return f"the {component}'s pod to be made{f': {refused}' if refused else ''}"
    for complaint in _complaints(pods):
        return f"the {component}: {complaint}"
    return f"the {component} to answer its readiness probe"


def _refusal(workload: Manifest | None) -> str:
    """Why a Deployment can't make its pods, such as a used-up quota: the condition that it has for that."""
    conditions = (workload or {}).get("status", {}).get("conditions", [])
    failures = (each for each in conditions if each["type"] == "ReplicaFailure" and each["status"] == "True")
    return next((str(each.get("message", "")) for each in failures), "")


def is_of_present_template(workload: Manifest | None, pod: Manifest) -> bool:
    """Whether a pod runs the images that its workload asks for by now.

    An update that can't start keeps its predecessor's pods, and those may be the broken ones that it is to replace.
    """
    if workload is None:
        return True
    wanted = _images(workload["spec"]["template"]["spec"])
    return wanted.items() <= _images(pod.get("spec", {})).items()


def _images(spec: Manifest) -> dict[str, str]:
    containers = [*spec.get("initContainers", []), *spec.get("containers", [])]
    return {each["name"]: each["image"] for each in containers}


def hopeless_reason(pods: Iterable[Manifest]) -> str:
    """A container state that no waiting can mend, or an empty string."""
    for pod in pods:
        if pod.get("metadata", {}).get("deletionTimestamp"):
            continue
        for status in _container_statuses(pod):
            waiting = status.get("state", {}).get("waiting", {})
            if _is_hopeless(waiting.get("reason", ""), waiting.get("message", "")):
                return f"{waiting['reason']} in container {status['name']}: {waiting.get('message', '')}"
    return ""


def _is_hopeless(reason: str, message: str) -> bool:
    if reason == "CreateContainerConfigError":
        return any(words in message for words in _HOPELESS_CONFIG)
    return reason in _HOPELESS


def _complaints(pods: Iterable[Manifest]) -> Iterator[str]:
    for pod in pods:
        for status in _container_statuses(pod):
            waiting = status.get("state", {}).get("waiting", {})
            reason = waiting.get("reason", "")
            if reason and reason not in {"PodInitializing", "ContainerCreating"}:
                yield f"container {status['name']} is in {reason}"
        for condition in pod.get("status", {}).get("conditions", []):
            if condition["type"] == "PodScheduled" and condition["status"] != "True":
                yield f"no node has room ({condition.get('message', condition.get('reason', ''))})"


def _container_statuses(pod: Manifest) -> Iterator[dict[str, Any]]:
    status = pod.get("status", {})
    yield from status.get("initContainerStatuses", [])
    yield from status.get("containerStatuses", [])
