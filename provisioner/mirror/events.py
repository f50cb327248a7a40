"""Events of Kubernetes on a store's resource: what `kubectl describe store` tells at its end.

They come after the status and never hold it up. An Event's name is made from the StoreEvent's id, so that writing it
twice is harmless. API servers forget them after an hour; the whole story is in the activity log.
"""

from datetime import timedelta

import structlog
from django.utils import timezone

from provisioner.cluster import AlreadyExists, Cluster, ClusterError, Forbidden, Invalid, Manifest, NotFound
from provisioner.mirror.document import as_time
from provisioner.mirror.models import Mirror
from provisioner.mirror.schema import GROUP, VERSION
from provisioner.mirror.verdicts import Verdict
from stores.choices import EventType
from stores.models import StoreEvent

NAMESPACE = "default"
"""Where Kubernetes keeps the Events of objects without a namespace."""

FRESH = timedelta(minutes=15)
"""What is older was told long ago, or happened before there was anybody to tell."""

MOST_AT_ONCE = 20
_LONGEST_MESSAGE = 1024

WARNINGS = frozenset(
    {
        EventType.PROVISION_FAILED,
        EventType.QUOTA_EXCEEDED,
        EventType.STORE_DEGRADED,
        EventType.STEP_TAKEN_OVER,
        EventType.DRIFT_DETECTED,
        EventType.HEAL_FAILED,
        EventType.HEAL_STOPPED,
        EventType.DELETE_BLOCKED,
        EventType.RESOURCE_RESTORED,
        EventType.WISH_REFUSED,
    }
)
TOLD = WARNINGS | {
    EventType.PROVISIONING_START,
    EventType.NAMESPACE_READY,
    EventType.HELM_READY,
    EventType.DB_READY,
    EventType.BACKEND_READY,
    EventType.STOREFRONT_READY,
    EventType.STORE_READY,
    EventType.STORE_RECOVERED,
    EventType.STORE_RECONCILED,
    EventType.RECONCILE_START,
    EventType.RETRY_REQUESTED,
    EventType.SPEC_CHANGED,
    EventType.SUSPENDED,
    EventType.RESUMED,
    EventType.SELF_HEALED,
    EventType.DELETE_START,
    EventType.ENGINE_STUB,
}
"""What matters to a person who asks how a store is."""

log = structlog.get_logger(__name__)


def tell(cluster: Cluster, store_id: int) -> int:
    """Write the Events that are still to be told, oldest first; how many. After an error the rest has to wait."""
    mirror = Mirror.objects.select_related("store").filter(store_id=store_id).exclude(uid="").first()
    if mirror is None:
        return 0
    fresh = StoreEvent.objects.filter(store_id=store_id, pk__gt=mirror.told, timestamp__gt=timezone.now() - FRESH)
    waiting = list(fresh.filter(type__in=TOLD).order_by("pk")[:MOST_AT_ONCE])
    told = 0
    for event in waiting:
        if not _write(cluster, of_store_event(event, mirror.store.name, mirror.uid)):
            break
        Mirror.objects.filter(store_id=store_id, told__lt=event.pk).update(told=event.pk)
        told += 1
    return told


def tell_refusal(cluster: Cluster, resource: Manifest, verdict: Verdict) -> None:
    """A resource that was not accepted has no store, so its Event comes from the verdict."""
    metadata = resource["metadata"]
    name = f"{metadata['name']}.{metadata['uid'][:8]}-g{verdict.generation}-{verdict.reason.lower()}"
    now = as_time(timezone.now())
    body = {"type": "Warning", "reason": verdict.reason, "message": verdict.message}
    _write(cluster, _event(name, metadata["name"], metadata["uid"], now) | body)


def of_store_event(event: StoreEvent, name: str, uid: str) -> Manifest:
    """The Event for a line of the activity log; `uid` is the resource's."""
    origin = f" (asked for by {event.origin})" if event.origin else ""
    return {
        **_event(f"{name}.{uid[:8]}-{event.pk}", name, uid, as_time(event.timestamp)),
        "type": "Warning" if event.type in WARNINGS else "Normal",
        "reason": "".join(word.capitalize() for word in event.type.split("_")),
        "message": f"{event.message[: _LONGEST_MESSAGE - len(origin)]}{origin}",
    }


def _event(name: str, store: str, uid: str, at: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "involvedObject": {"apiVersion": f"{GROUP}/{VERSION}", "kind": "Store", "name": store, "uid": uid},
        "firstTimestamp": at,
        "lastTimestamp": at,
        "count": 1,
        "source": {"component": "storeplane"},
        "reportingComponent": "storeplane",
        "reportingInstance": "storeplane",
    }


def _write(cluster: Cluster, event: Manifest) -> bool:
    """Whether the next one may be tried. What the cluster will never take is dropped: the log has it too."""
    try:
        cluster.create(event)
    except AlreadyExists:
        return True
    except (Forbidden, Invalid, NotFound) as error:
        log.warning("event not taken by the cluster", name=event["metadata"]["name"], error=str(error))
    except ClusterError as error:
        log.warning("event not written yet", name=event["metadata"]["name"], error=str(error))
        return False
    return True
