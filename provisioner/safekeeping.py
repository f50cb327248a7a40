"""The second copy of each store's Secret, in the platform's own namespace (ADR 16).

It is written when the store is born, and from then on it is what the store's Secret should hold: a key, a Secret or a
whole namespace that somebody deletes is given back from it. Whoever means to change a secret changes it here.
"""

from collections.abc import Callable, Iterator

from django.conf import settings

from provisioner.cluster import Cluster, Invalid, Manifest, NotFound
from provisioner.cluster.kinds import SECRET
from provisioner.secrets import Data
from stores.models import Store

KEPT_FOR = "storeplane.dev/kept-for"
"""A label of its own: what carries the stores' is an object of a store, and lies in that store's namespace."""


def unchecked() -> None:
    """For whoever has just looked, and holds no lease."""


def keep(cluster: Cluster, store: Store, values: Data, check: Callable[[], object] = unchecked) -> Manifest:
    """Write the copy, whatever was there: by the name alone it could be an earlier store's. Raises ClusterError.

    What is no copy is the platform's or somebody else's, and left alone: a store may be called `secrets`.
    `check` is called right before each write: what a worker writes that is late could be a successor's copy.
    """
    copy = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": _name(store), "namespace": settings.STOREPLANE_NAMESPACE, "labels": _labels(store)},
        "type": "Opaque",
        "data": dict(values),
    }
    there = cluster.get(SECRET, _name(store), settings.STOREPLANE_NAMESPACE)
    if there is not None and not _is_copy(there, store) and not (there.get("data") or {}).keys() <= values.keys():
        where = f"'{_name(store)}' in '{settings.STOREPLANE_NAMESPACE}'"
        raise Invalid(
            f"The Secret {where} is no store's copy, and in its place: rename it, or name the store otherwise."
        )
    check()
    try:
        return cluster.apply(copy)
    except NotFound:
        cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": settings.STOREPLANE_NAMESPACE}})
        check()
        return cluster.apply(copy)


def kept(cluster: Cluster, store: Store) -> Data | None:
    """What the store's Secret should hold; None when no copy was made. Raises ClusterError."""
    found = _get(cluster, store)
    return None if found is None else found.get("data") or {}


def all_kept(cluster: Cluster, limit: int) -> Iterator[tuple[str, Data]]:
    """Every copy with its store's name, `limit` a request. Raises ClusterError."""
    for each in cluster.list(SECRET, settings.STOREPLANE_NAMESPACE, label_selector=KEPT_FOR, limit=limit):
        yield each["metadata"]["labels"][KEPT_FOR], each.get("data") or {}


def forget(cluster: Cluster, store: Store, check: Callable[[], object]) -> None:
    """Delete the copy, by its uid, since a successor's has the same name. `check` is called right before."""
    found = _get(cluster, store)
    check()
    if found is not None:
        cluster.delete(SECRET, _name(store), settings.STOREPLANE_NAMESPACE, uid=found["metadata"]["uid"])


def _get(cluster: Cluster, store: Store) -> Manifest | None:
    found = cluster.get(SECRET, _name(store), settings.STOREPLANE_NAMESPACE)
    return found if found is not None and _is_copy(found, store) else None


def _is_copy(secret: Manifest, store: Store) -> bool:
    return bool((secret["metadata"].get("labels") or {}).get(KEPT_FOR) == store.name)


def _name(store: Store) -> str:
    return f"store-{store.name}"


def _labels(store: Store) -> dict[str, str]:
    return {KEPT_FOR: store.name}
