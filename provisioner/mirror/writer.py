"""The one writer of `Store` resources: server-side apply, and only when something changed."""

import structlog
from django.db import transaction
from django.utils import timezone

from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import STORE
from provisioner.mirror import document
from provisioner.mirror.models import Mirror
from stores.models import Store

log = structlog.get_logger(__name__)


def write(cluster: Cluster, store_id: int) -> bool:
    """Bring the mirror up to date with the record; true when a request was made.

    The row of `Mirror` is the lock: of two writers the second sees what the first has written, and a writer that
    waited while the store was removed finds a tombstone. A store that waits for its name isn't mirrored yet.
    """
    started = timezone.now()
    if not Store.objects.not_gone().filter(pk=store_id).exists():
        return False
    with transaction.atomic():
        mirror = _locked(store_id)
        store = Store.objects.select_related("tenant").filter(pk=store_id, deleted_at__isnull=True).first()
        if store is None or not _has_the_name(store):
            return False
        wrote_spec = _write_spec(cluster, store, mirror)
        wrote_status = _write_status(cluster, store, mirror)
        # The time of the look, not of the write: a change in between must still look newer to the sweep.
        mirror.written_at = started
        mirror.save()
    return wrote_spec or wrote_status


def _locked(store_id: int) -> Mirror:
    """The store's row of `Mirror`, locked and made if need be; a tombstone keeps it, so the lock stays the same."""
    Mirror.objects.get_or_create(store_id=store_id)
    return Mirror.objects.select_for_update(no_key=True).get(store_id=store_id)


def _has_the_name(store: Store) -> bool:
    """While a store goes away, its mirror shows that; the successor's comes when the name is free."""
    older = Store.objects.not_gone().filter(name=store.name, pk__lt=store.pk)
    return not older.exists()


def _write_spec(cluster: Cluster, store: Store, mirror: Mirror) -> bool:
    wanted = document.resource(store)
    fingerprint = document.digest(wanted)
    if fingerprint == mirror.spec_digest:
        return False
    written = cluster.apply(wanted)
    mirror.spec_digest = fingerprint
    mirror.uid = written["metadata"]["uid"]
    mirror.generation = written["metadata"]["generation"]
    return True


def _write_status(cluster: Cluster, store: Store, mirror: Mirror) -> bool:
    events = store.events.order_by("-id")[: document.ACTIVITY_LOG_LENGTH]
    wanted = document.status(store, store.conditions.all(), events, mirror.generation)
    fingerprint = document.digest(wanted)
    if fingerprint == mirror.status_digest:
        return False
    cluster.apply(wanted, subresource="status")
    mirror.status_digest = fingerprint
    return True


def remove(cluster: Cluster, store: Store) -> None:
    """Let the resource go and turn the record into a tombstone, as one act: no writer can bring the resource back.

    Done a second time it touches nothing: a resource of that name is the successor's by then.
    """
    with transaction.atomic():
        _locked(store.pk)
        living = Store.objects.filter(pk=store.pk, deleted_at__isnull=True)
        if not living.exists():
            return
        found = cluster.get(STORE, store.name)
        if found is not None and _has_the_name(store):
            _release(cluster, store.name, found)
        living.update(deleted_at=timezone.now())


def _release(cluster: Cluster, name: str, found: Manifest) -> None:
    cluster.delete(STORE, name, uid=found["metadata"]["uid"])
    if cluster.get(STORE, name) is not None:
        cluster.patch_merge(STORE, name, None, {"metadata": {"finalizers": None}})
    cluster.wait_gone(STORE, name, timeout=10)
