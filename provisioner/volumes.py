"""The volumes of a store: which its claims were born with, and what becomes of those that outlive them.

A storage class with the reclaim policy `Retain` keeps a volume when its claim goes, with the namespace for instance. It
is `Released` then, and goes to no claim, until what it says of the old claim's uid is taken from it.
"""

from collections.abc import Iterable, Iterator

from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import PERSISTENT_VOLUME
from stores.models import Store

LOOSE = ("Released", "Available")
"""Phases of a volume that belongs to no claim."""


def left(cluster: Cluster, store: Store, names: Iterable[str]) -> list[Manifest]:
    """Those of the named volumes that are there, aren't going, and were this store's. Raises ClusterError."""
    return list(_own(cluster, store, names))


def is_loose(volume: Manifest) -> bool:
    """Whether it belongs to no claim."""
    return _phase(volume) in LOOSE


def is_bound(volume: Manifest) -> bool:
    """Whether it says that it belongs to one; for a moment it does so after its claim is gone."""
    return _phase(volume) == "Bound"


def take_up(cluster: Cluster, volume: Manifest) -> None:
    """Let the volume go to the next claim of the same name in the same namespace, and to no other.

    By its resourceVersion: it is let go in the very state in which it was seen. Raises ClusterError.
    """
    metadata, claim = volume["metadata"], volume["spec"]["claimRef"]
    if not claim.get("uid"):
        return
    patch = {
        "metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        "spec": {"claimRef": {"uid": None, "resourceVersion": None}},
    }
    cluster.patch_merge(PERSISTENT_VOLUME, metadata["name"], None, patch)


def let_go(cluster: Cluster, store: Store, names: Iterable[str]) -> list[str]:
    """Have the named volumes deleted with their claims, whatever their class says; those that weren't to be before."""
    retained = [each for each in _own(cluster, store, names) if _policy(each) != "Delete"]
    for volume in retained:
        metadata = volume["metadata"]
        cluster.patch_merge(PERSISTENT_VOLUME, metadata["name"], None, going(metadata["uid"]))
    return [volume["metadata"]["name"] for volume in retained]


def going(uid: str) -> Manifest:
    """The patch that has this very volume deleted once it belongs to no claim: its storage goes with it."""
    return {"metadata": {"uid": uid}, "spec": {"persistentVolumeReclaimPolicy": "Delete"}}


def _own(cluster: Cluster, store: Store, names: Iterable[str]) -> Iterator[Manifest]:
    for name in sorted(set(names)):
        volume = cluster.get(PERSISTENT_VOLUME, name)
        if volume is None or volume["metadata"].get("deletionTimestamp"):
            continue
        if (volume["spec"].get("claimRef") or {}).get("namespace") == store.namespace:
            yield volume


def _phase(volume: Manifest) -> str:
    return str((volume.get("status") or {}).get("phase", ""))


def _policy(volume: Manifest) -> str:
    return str(volume["spec"].get("persistentVolumeReclaimPolicy", ""))
