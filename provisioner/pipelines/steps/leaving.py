"""Objects that were asked to go: how often one looks whether they did, and what they say holds them up. All pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from provisioner.cluster import Manifest
from provisioner.pipelines.context import SLICE_SECONDS

_AT_ONCE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 15.0
_SHORT_LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Pace:
    """How many seconds to watch, and how many to leave the worker to others afterwards."""

    watch: float
    delay: float


class Leaving(Enum):
    """How far objects that shall go have got, and so what is next."""

    GONE = "nothing is left to do"
    ASKED = "watch them go"
    THERE = "ask them to go"


def judge(left: Sequence[Manifest]) -> Leaving:
    """Decide from what is left of a store's objects of one kind."""
    if not left:
        return Leaving.GONE
    asked = all(each["metadata"].get("deletionTimestamp") for each in left)
    return Leaving.ASKED if asked else Leaving.THERE


def pace(spent: float) -> Pace:
    """Watch closely while a namespace usually goes (16 to 49 s on a real cluster), then look in now and then.

    A removal that is stuck for days must not keep a worker from the others.
    """
    if spent < _AT_ONCE_SECONDS:
        return Pace(watch=SLICE_SECONDS / 4, delay=min(1.0, spent / 10))
    return Pace(watch=_SHORT_LOOK_SECONDS, delay=min(_LONGEST_PAUSE_SECONDS, spent / 10))


def blocker(found: Manifest | None) -> str:
    """What an object that doesn't go says of itself, as one line; empty when it says nothing.

    A namespace's conditions name what is left in it, whose finalizers those things have, and API groups that can't be
    asked (`NamespaceContentRemaining`, `NamespaceFinalizersRemaining`, `NamespaceDeletionDiscoveryFailure`, …).
    Anything else is held by its own finalizers.
    """
    if found is None:
        return ""
    conditions = (found.get("status") or {}).get("conditions") or []
    said = [str(each["message"]) for each in conditions if each.get("status") == "True" and each.get("message")]
    return "; ".join(said) if said else held_by(found)


def held_by(found: Manifest) -> str:
    """The finalizers that keep an object, in words; empty when it has none."""
    finalizers = found["metadata"].get("finalizers") or []
    return f"held by the finalizer(s) {', '.join(finalizers)}" if finalizers else ""


def is_in_use(found: Manifest | None) -> bool:
    """Whether only pods that mount it keep a volume claim (Kubernetes, "Storage Object in Use Protection")."""
    return found is not None and found["metadata"].get("finalizers") == ["kubernetes.io/pvc-protection"]


def volumes_of(volumes: Iterable[Manifest], namespace: str) -> list[Manifest]:
    """Volumes whose claim was in the namespace and whose policy says that they go with it."""
    return [
        volume
        for volume in volumes
        if volume["spec"].get("claimRef", {}).get("namespace") == namespace
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    ]
