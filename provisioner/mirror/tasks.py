"""When the mirror is written: soon after a change, many changes at once, and by the sweep for what was missed."""

import structlog
from celery import shared_task

from config.breaker import Breaker
from provisioner.cluster import ClusterError, Unavailable, cluster
from provisioner.messages import send
from provisioner.mirror import events, sweeping, writer
from provisioner.operations.sweeping import alone
from stores.publish import streams

COALESCE_SECONDS = 0.25
"""At most one write of a store's status in this time."""

_PENDING_MS = 5000

CLUSTER = Breaker(5.0)
"""An API server that hangs costs each write its timeout: a pile of them must not hold up the sweep behind it."""

log = structlog.get_logger(__name__)


def mirror_soon(store_id: int) -> None:
    """Ask for a write; a request that is already on its way covers this change too."""
    if streams().set(_pending_key(store_id), 1, nx=True, px=_PENDING_MS):
        send(write_mirror.s(store_id), queue="events", countdown=COALESCE_SECONDS)


@shared_task(name="provisioner.mirror.tasks.write_mirror")
def write_mirror(store_id: int) -> None:
    """Write one store's mirror. The mark goes first, so that a change during the write asks for another."""
    streams().delete(_pending_key(store_id))
    _write(store_id)


def _write(store_id: int) -> None:
    if CLUSTER.is_open:
        return
    try:
        writer.write(cluster(), store_id)
        events.tell(cluster(), store_id)
    except ClusterError as error:
        if isinstance(error, Unavailable):
            CLUSTER.trip()
        log.warning("mirror not written, the sweep will", store_id=store_id, error=str(error))


@shared_task(name="provisioner.mirror.tasks.sweep_mirrors")
def sweep_mirrors() -> None:
    """Write every mirror that differs from its store's record, and take the wishes that no watcher saw."""
    with alone("mirrors") as held:
        if not held or CLUSTER.is_open:
            return
        try:
            different = sweeping.sweep(cluster(), _write)
        except ClusterError as error:
            log.warning("mirrors not compared, the next sweep will", error=str(error))
            return
    if different:
        log.info("mirrors swept", different=different)


def _pending_key(store_id: int) -> str:
    return f"storeplane:mirror-pending:{store_id}"
