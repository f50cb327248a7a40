"""Ports whose number somebody changed: put back in their place before anything is applied over them.

The key of a port is its number, so that an apply would add ours beside the other one under the same name, which no API
server accepts.
"""

from collections.abc import Callable

from provisioner.cluster import Cluster, Conflict, Invalid, Manifest
from provisioner.drift.compare import displaced
from provisioner.drift.desired import BY_NAME, manager_of
from provisioner.drift.models import Desired
from stores.models import Store

_WITH_PORTS = ("Service", "Deployment", "StatefulSet")


def put_back(cluster: Cluster, wanted: Manifest, found: Manifest, check: Callable[[], object]) -> Manifest:
    """The object with its ports as they should be. `check` is called before a request that changes something.

    Raises Conflict when it was changed since it was looked at, ClusterError.
    """
    patches = []
    for pointer, theirs, ours in displaced(wanted, found):
        patches.append({"op": "test", "path": pointer, "value": theirs})
        patches.append({"op": "replace", "path": pointer, "value": ours})
    if not patches:
        return found
    kind, metadata = wanted["kind"], found["metadata"]
    check()
    try:
        return cluster.patch_json(
            BY_NAME[kind], metadata["name"], metadata.get("namespace"), patches, field_manager=manager_of(wanted)
        )
    except Invalid:
        raise Conflict(f"{kind} '{metadata['name']}' was changed while it was put right.") from None


def put_all_back(cluster: Cluster, store: Store, check: Callable[[], object]) -> None:
    """The same for all of a store's objects that have ports. Raises Conflict, ClusterError."""
    row = Desired.objects.filter(store=store).first() or Desired(manifests={})
    for kind in _WITH_PORTS:
        for name, wanted in row.manifests.get(kind, {}).items():
            found = cluster.get(BY_NAME[kind], name, store.namespace)
            if found is not None:
                put_back(cluster, wanted, found, check)
