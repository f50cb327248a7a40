"""The sweep of mirrors: it compares all of them with the cluster, and by itself is enough for both directions.

The number of requests depends on the number of pages, and on what differs; nothing is written where nothing does.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from time import monotonic

import structlog
from django.db.models import F, Q

from provisioner.cluster import Cluster, ClusterError, Manifest
from provisioner.cluster.kinds import STORE
from provisioner.mirror import creation, rows
from provisioner.mirror.holders import Holder, holders_of, vanished
from provisioner.operations import admission
from provisioner.operations.models import Operation
from stores.models import Store, StoreQuerySet

PAGE = 500
BUDGET_SECONDS = 45.0
"""A sweep ends in time for its task's limit; the next one goes on with what is left."""

log = structlog.get_logger(__name__)


def sweep(cluster: Cluster, write: Callable[[int], object]) -> int:
    """Take every wish that no watcher saw, and have written what differs; how many mirrors did. Raises ClusterError."""
    until = monotonic() + BUDGET_SECONDS
    different = differing(cluster)
    for store_id in different:
        if monotonic() > until:
            log.info("the next sweep of mirrors goes on")
            break
        write(store_id)
    return len(different)


def differing(cluster: Cluster) -> list[int]:
    """The stores whose mirror isn't what it should be, each marked for a look. New wishes are taken on the way."""
    different = _compare(cluster, _places())
    return sorted(different.union(stale().values_list("pk", flat=True)))


def stale() -> StoreQuerySet:
    """Stores whose mirror is of another state of their record, or whose resource must be looked at.

    Another, not an older one: the times of two changes may come from two hosts' clocks.
    """
    unwritten = Q(mirror__isnull=True) | Q(mirror__written_at__isnull=True) | Q(mirror__resource_version="")
    return Store.objects.not_gone().filter(unwritten | ~Q(mirror__written_at=F("updated_at")))


def _compare(cluster: Cluster, places: Mapping[int, int]) -> set[int]:
    """The stores whose resource isn't as it was last seen. What shows no store is a wish for one."""
    different: set[int] = set()
    uids: set[str] = set()
    for page in _pages(cluster.list(STORE, limit=PAGE)):
        holders = holders_of(resource["metadata"]["name"] for resource in page)
        for resource in page:
            uids.add(resource["metadata"]["uid"])
            holder = holders.get(resource["metadata"]["name"])
            if holder is None or not holder.owns(resource):
                _take_new(cluster, resource)
            elif _differs(resource, holder, places):
                different.add(holder.store_id)
    # Read after the list: what was made meanwhile only costs a look.
    for holder in vanished(uids):
        rows.look_again(holder.store_id)
        different.add(holder.store_id)
    return different


def _differs(resource: Manifest, holder: Holder, places: Mapping[int, int]) -> bool:
    """The place in the queue changes with other stores' fates, so nothing but the sweep tells the mirror."""
    if holder.known and rows.look_again(holder.store_id, resource["metadata"]["resourceVersion"]):
        return True
    shown: Mapping[str, object] = resource.get("status") or {}
    return shown.get("queuePosition") != places.get(holder.store_id)


def _take_new(cluster: Cluster, resource: Manifest) -> None:
    """One resource that can't be judged must not keep the others from it."""
    try:
        creation.take_new(cluster, resource, again=True)
    except ClusterError as error:
        log.warning("wish not taken, the next sweep will", store=resource["metadata"]["name"], error=str(error))


def _places() -> dict[int, int]:
    """Store → place in the queue, 1 being next."""
    queue = {operation_id: place for place, operation_id in enumerate(admission.queue(), start=1)}
    stores = Operation.objects.filter(pk__in=queue).values_list("pk", "store_id")
    return {store_id: queue[operation_id] for operation_id, store_id in stores}


def _pages(resources: Iterator[Manifest]) -> Iterator[list[Manifest]]:
    while page := list(islice(resources, PAGE)):
        yield page
