"""What controllers ask of pods: are they alive, ready, available; and a new pod from a template."""

from __future__ import annotations

from sandbox.controllers.objects import Obj, find_condition, is_deleting, labels_of, owned_by, seconds_since

FINISHED = ("Succeeded", "Failed")


def phase_of(pod: Obj) -> str:
    """The phase; a pod that nobody has looked at is Pending."""
    return str((pod.get("status") or {}).get("phase", "Pending"))


def is_active(pod: Obj) -> bool:
    """Not finished and not going away: it counts as a replica."""
    return phase_of(pod) not in FINISHED and not is_deleting(pod)


def is_ready(pod: Obj) -> bool:
    """Whether the Ready condition is True."""
    condition = find_condition((pod.get("status") or {}).get("conditions"), "Ready")
    return condition is not None and condition["status"] == "True"


def available_in(pod: Obj, min_ready_seconds: int) -> float | None:
    """Seconds until the pod counts as available: 0 now, None when it isn't ready."""
    if not is_ready(pod):
        return None
    if not min_ready_seconds:
        return 0
    condition = find_condition(pod["status"]["conditions"], "Ready") or {}
    return max(0.0, min_ready_seconds - seconds_since(condition["lastTransitionTime"]))


def is_available(pod: Obj, min_ready_seconds: int) -> bool:
    """Ready for at least `min_ready_seconds`."""
    return available_in(pod, min_ready_seconds) == 0


def from_template(template: Obj, owner: Obj, api_version: str, kind: str, name: str) -> Obj:
    """A pod of a workload, owned by it."""
    meta = template.get("metadata") or {}
    made: Obj = {
        "name": name,
        "namespace": owner["metadata"]["namespace"],
        "labels": dict(meta.get("labels") or {}),
        "ownerReferences": [owned_by(owner, api_version, kind)],
    }
    if meta.get("annotations"):
        made["annotations"] = dict(meta["annotations"])
    return {"apiVersion": "v1", "kind": "Pod", "metadata": made, "spec": dict(template["spec"])}


def deletion_rank(pod: Obj) -> tuple[bool, bool, bool, int, str]:
    """Sorts pods so that the one whose loss hurts least comes first (as the ReplicaSet controller ranks them)."""
    status = pod.get("status") or {}
    restarts = sum(int(c.get("restartCount", 0)) for c in status.get("containerStatuses") or ())
    scheduled = bool(pod["spec"].get("nodeName"))
    newest_first = "".join(chr(255 - ord(c)) for c in pod["metadata"].get("creationTimestamp", ""))
    return scheduled, phase_of(pod) == "Running", is_ready(pod), -restarts, newest_first


def fully_labeled(pod: Obj, template: Obj) -> bool:
    """Whether the pod carries every label of the template."""
    labels = labels_of(pod)
    wanted = (template.get("metadata") or {}).get("labels") or {}
    return all(labels.get(name) == value for name, value in wanted.items())
