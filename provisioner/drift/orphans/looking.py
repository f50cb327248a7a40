"""Looking for what could be of a store: one list for each kind, whatever the number of stores."""

import redis
import structlog

from provisioner import labels
from provisioner.cluster import Cluster, Kind, Manifest
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME_CLAIM, SECRET, STORE
from provisioner.drift.orphans.deciding import Seen
from provisioner.drift.orphans.models import Orphan, OrphanKind
from provisioner.helm.storage import revisions
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
        releases=list(cluster.metadata(SECRET, label_selector=RELEASES)),
        stores=[{"metadata": each["metadata"], "status": each.get("status")} for each in cluster.list(STORE)],
        keys=_keys(),
    )


def look_at(cluster: Cluster, orphan: Orphan) -> Seen:
    """The orphan as it is now, and what it takes to judge it. Raises ClusterError, or redis.RedisError."""
    match orphan.kind:
        case OrphanKind.NAMESPACE:
            return Seen(namespaces=_get(cluster, NAMESPACE, orphan.name))
        case OrphanKind.CLAIM:
            return Seen(claims=_get(cluster, PERSISTENT_VOLUME_CLAIM, orphan.name, orphan.namespace))
        case OrphanKind.RELEASE:
            own = revisions(cluster, orphan.name, orphan.namespace)
            return Seen(namespaces=_get(cluster, NAMESPACE, orphan.namespace), releases=own)
        case OrphanKind.STORE:
            return Seen(stores=_get(cluster, STORE, orphan.name))
    return Seen(keys=[orphan.name] if streams().exists(orphan.name) else [])


def _get(cluster: Cluster, kind: Kind, name: str, namespace: str | None = None) -> list[Manifest]:
    found = cluster.get(kind, name, namespace)
    return [] if found is None else [found]


def _keys() -> list[str] | None:
    try:
        return sorted({str(key) for key in streams().scan_iter(stream_key("*"), count=1000)})
    except redis.RedisError as error:
        log.warning("keys not looked at", error=type(error).__name__)
        return None
