"""Looking for what could be of a store: one list for each kind, whatever the number of stores."""

from typing import Any

import redis
import structlog
from django.conf import settings

from provisioner import labels
from provisioner.cluster import Cluster, Kind, Manifest
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SECRET, STORE
from provisioner.drift.orphans.deciding import Seen
from provisioner.drift.orphans.models import Orphan, OrphanKind
from provisioner.helm.storage import revisions
from provisioner.safekeeping import KEPT_FOR
from stores.models import Store
from stores.publish import stream_key, streams

OF_A_STORE = f"{labels.SELECTOR},{labels.STORE_LABEL}"
RELEASES = f"owner=helm,name={labels.RELEASE},status!=superseded"

log = structlog.get_logger(__name__)


def living() -> set[str]:
    """Names of all stores that have, had a moment ago, or are to get something in the cluster."""
    return set(Store.objects.not_gone().values_list("name", flat=True))


def look(cluster: Cluster) -> Seen:
    """Everything. Raises ClusterError."""
    return Seen(
        namespaces=list(cluster.metadata(NAMESPACE, label_selector=OF_A_STORE)),
        claims=list(cluster.metadata(PERSISTENT_VOLUME_CLAIM, label_selector=OF_A_STORE)),
        volumes=list(cluster.list(PERSISTENT_VOLUME)),
        copies=list(cluster.metadata(SECRET, settings.STOREPLANE_NAMESPACE, label_selector=KEPT_FOR)),
        releases=list(cluster.metadata(SECRET, label_selector=RELEASES)),
        stores=[{"metadata": each["metadata"], "status": each.get("status")} for each in cluster.list(STORE)],
        keys=_keys(),
    )


def look_at(cluster: Cluster, orphan: Orphan) -> Seen:
    """The orphan as it is now, and what it takes to judge it. Raises ClusterError, or redis.RedisError."""
    kind = OrphanKind(orphan.kind)
    if kind in _PLAIN:
        field, plain = _PLAIN[kind]
        there: dict[str, Any] = {field: _get(cluster, plain, orphan.name, orphan.namespace or None)}
        return Seen(**there)
    if kind == OrphanKind.RELEASE:
        own = revisions(cluster, orphan.name, orphan.namespace)
        return Seen(namespaces=_get(cluster, NAMESPACE, orphan.namespace), releases=own)
    return Seen(keys=[orphan.name] if streams().exists(orphan.name) else [])


_PLAIN = {
    OrphanKind.NAMESPACE: ("namespaces", NAMESPACE),
    OrphanKind.CLAIM: ("claims", PERSISTENT_VOLUME_CLAIM),
    OrphanKind.VOLUME: ("volumes", PERSISTENT_VOLUME),
    OrphanKind.SECRET: ("copies", SECRET),
    OrphanKind.STORE: ("stores", STORE),
}
"""Kinds that are one object of one kind: where they stand in what was seen."""


def _get(cluster: Cluster, kind: Kind, name: str, namespace: str | None = None) -> list[Manifest]:
    found = cluster.get(kind, name, namespace)
    return [] if found is None else [found]


def _keys() -> list[str] | None:
    try:
        return sorted({str(key) for key in streams().scan_iter(stream_key("*"), count=1000)})
    except redis.RedisError as error:
        log.warning("keys not looked at", error=type(error).__name__)
        return None
