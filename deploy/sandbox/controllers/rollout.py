"""The arithmetic of a Deployment's rolling update: pure functions from numbers to numbers and conditions.

The rules are those of kube-controller-manager's deployment controller, so `kubectl rollout status` and a Helm
wait read them the same way.
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.controllers.objects import Obj, find_condition, int_or_percent, seconds_since, stamp, with_condition
from sandbox.controllers.replicaset import replicas_of


@dataclass(frozen=True)
class Limits:
    """maxSurge and maxUnavailable in pods."""

    surge: int
    unavailable: int


def limits_of(deployment: Obj) -> Limits:
    """Resolve the strategy's percentages; both zero would never move, so one pod may be missing then."""
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    replicas = replicas_of(deployment)
    surge = int_or_percent(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = int_or_percent(rolling.get("maxUnavailable", "25%"), replicas, round_up=False)
    return Limits(surge, min(unavailable, replicas) if surge or unavailable else 1)


def available_of(replica_set: Obj) -> int:
    """status.availableReplicas, zero by default."""
    return int((replica_set.get("status") or {}).get("availableReplicas") or 0)


def new_size(deployment: Obj, new: Obj | None, old: list[Obj]) -> int:
    """How many replicas the new ReplicaSet may have now."""
    replicas = replicas_of(deployment)
    current = replicas_of(new) if new else 0
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return replicas
    room = replicas + limits_of(deployment).surge - sum(map(replicas_of, old)) - current
    return min(replicas, current + max(0, room))


def old_sizes(deployment: Obj, new: Obj, old: list[Obj]) -> dict[str, int]:
    """Name → replicas for the old ReplicaSets that are to shrink, unhealthy pods first."""
    floor = replicas_of(deployment) - limits_of(deployment).unavailable
    everything = sum(map(replicas_of, old)) + replicas_of(new)
    budget = everything - floor - max(0, replicas_of(new) - available_of(new))
    sizes = {rs["metadata"]["name"]: replicas_of(rs) for rs in old}
    ordered = sorted(old, key=lambda rs: str(rs["metadata"].get("creationTimestamp", "")))
    for rs in ordered:  # pods that serve nobody go first, and don't cost availability
        cut = min(max(0, budget), max(0, replicas_of(rs) - available_of(rs)))
        sizes[rs["metadata"]["name"]] -= cut
        budget -= cut
    spare = sum(map(available_of, old)) + available_of(new) - floor
    for rs in ordered:
        cut = max(0, min(spare, budget, sizes[rs["metadata"]["name"]]))
        sizes[rs["metadata"]["name"]] -= cut
        spare, budget = spare - cut, budget - cut
    return {
        rs["metadata"]["name"]: sizes[rs["metadata"]["name"]]
        for rs in old
        if sizes[rs["metadata"]["name"]] != replicas_of(rs)
    }


def counts(deployment: Obj, new: Obj | None, old: list[Obj]) -> Obj:
    """The numbers of a Deployment's status."""
    every = [*old, *([new] if new else [])]

    def total(field: str, sets: list[Obj]) -> int:
        return sum(int((rs.get("status") or {}).get(field) or 0) for rs in sets)

    numbers = {
        "replicas": total("replicas", every),
        "updatedReplicas": total("replicas", [new] if new else []),
        "readyReplicas": total("readyReplicas", every),
        "availableReplicas": total("availableReplicas", every),
    }
    numbers["unavailableReplicas"] = max(0, replicas_of(deployment) - numbers["availableReplicas"])
    status: Obj = {name: number for name, number in numbers.items() if number}
    status["observedGeneration"] = deployment["metadata"].get("generation", 1)
    return status


def is_complete(deployment: Obj, status: Obj) -> bool:
    """All replicas are new and available, and no old one is left."""
    wanted = replicas_of(deployment)
    return all(int(status.get(n) or 0) == wanted for n in ("replicas", "updatedReplicas", "availableReplicas"))


def has_progressed(old: Obj, new: Obj) -> bool:
    """More new, ready or available pods, or fewer old ones, than before."""

    def number(status: Obj, field: str) -> int:
        return int(status.get(field) or 0)

    grew = any(number(new, f) > number(old, f) for f in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    left_old = number(old, "replicas") - number(old, "updatedReplicas")
    return grew or number(new, "replicas") - number(new, "updatedReplicas") < left_old


def available_condition(deployment: Obj, status: Obj) -> Obj:
    """The Available condition for these numbers."""
    floor = replicas_of(deployment)
    if (deployment["spec"].get("strategy") or {}).get("type") != "Recreate":
        floor -= limits_of(deployment).unavailable
    enough = int(status.get("availableReplicas") or 0) >= floor
    return {
        "type": "Available",
        "status": "True" if enough else "False",
        "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "message": f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    }


def progress(status: str, reason: str, message: str) -> Obj:
    """A Progressing condition."""
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def with_progress(deployment: Obj, conditions: list[Obj], status: Obj, about: str) -> list[Obj]:
    """The conditions with Progressing brought up to date; `about` names the new ReplicaSet."""
    current = find_condition(conditions, "Progressing")
    settled = status.get("replicas") == status.get("updatedReplicas") and current is not None
    if settled and current and current["reason"] == "NewReplicaSetAvailable":
        return conditions
    if is_complete(deployment, status):
        done = progress("True", "NewReplicaSetAvailable", f"{about} has successfully progressed.")
        return with_update(conditions, done)
    if has_progressed(deployment.get("status") or {}, status):
        return with_update(conditions, progress("True", "ReplicaSetUpdated", f"{about} is progressing."))
    if deadline_left(deployment, conditions) == 0:
        late = progress("False", "ProgressDeadlineExceeded", f"{about} has timed out progressing.")
        return with_update(conditions, late)
    return conditions


def deadline_left(deployment: Obj, conditions: list[Obj]) -> float | None:
    """Seconds until the progress deadline; 0 when it has passed, None when nothing is in progress."""
    current = find_condition(conditions, "Progressing")
    if current is None or current["reason"] == "NewReplicaSetAvailable" or deployment["spec"].get("paused"):
        return None
    if current["reason"] == "ProgressDeadlineExceeded":
        return 0
    deadline = float(deployment["spec"].get("progressDeadlineSeconds") or 600)
    return max(0.0, deadline - seconds_since(current.get("lastUpdateTime") or current["lastTransitionTime"]))


def with_update(conditions: list[Obj], new: Obj) -> list[Obj]:
    """Like `with_condition`, with the lastUpdateTime that Deployment conditions have besides."""
    old = find_condition(conditions, new["type"])
    if old is not None and all(old.get(field) == value for field, value in new.items()) and not _renews(new):
        return conditions
    return with_condition(conditions, {"lastUpdateTime": stamp(), **new})


def _renews(condition: Obj) -> bool:
    # Each step of progress restarts the deadline, even with the same words.
    return bool(condition["reason"] == "ReplicaSetUpdated")
