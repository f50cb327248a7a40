"""The one writer of `Store` resources: server-side apply, and only when something changed."""

from dataclasses import dataclass

import structlog
from django.db import transaction
from django.utils import timezone

from provisioner.cluster import AlreadyExists, Cluster, Conflict, Manifest, NotFound
from provisioner.cluster.kinds import STORE
from provisioner.mirror import adoption, document, reading, rows, wishes
from provisioner.mirror.models import Mirror
from provisioner.mirror.schema import FINALIZER
from provisioner.mirror.wishes import Need
from stores.models import Store

MOST_TURNS = 6
"""After so many looks in a row at a resource that changes all the time, the sweep goes on."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Turn:
    """What one look came to: what is needed before the next one, and whether anything was written.

    `known` is the uid of the resource that the store had at that moment.
    """

    need: Need
    found: Manifest | None = None
    wrote: bool = False
    known: str = ""


def write(cluster: Cluster, store_id: int, *, tell_restored: bool = True) -> bool:
    """Bring the mirror up to date with the record; true when anything was written.

    The row of `Mirror` is the lock: of two writers the second sees what the first has written, and a writer that
    waited while the store was removed finds a tombstone. A store that waits for its name isn't mirrored yet.

    Before the spec is written the resource is looked at, and what somebody wished there meanwhile is judged first
    (`wishes`); a write is bound to the version that was looked at. What a look finds to be different from what was
    written, status included, is put back. `tell_restored` is whether the log tells of a resource that had vanished.
    Raises a ClusterError.
    """
    wrote, look = False, False
    for _ in range(MOST_TURNS):
        try:
            turn = _turn(cluster, store_id, look=look, tell_restored=tell_restored)
        except (Conflict, AlreadyExists):
            look = True  # somebody was quicker
            continue
        except NotFound:
            if look:
                raise  # not the resource alone is missing: its definition is
            look = True  # somebody has just deleted it
            continue
        wrote = wrote or turn.wrote
        before_next = _NEXT.get(turn.need)
        if before_next is None:
            return wrote
        before_next(cluster, store_id, turn)
        look = True
    log.warning("the resource changes faster than it is written", store_id=store_id)
    return wrote


def _turn(cluster: Cluster, store_id: int, *, look: bool, tell_restored: bool) -> Turn:
    """Look if there is a reason to, and write unless the look asks for something else first."""
    if not Store.objects.not_gone().filter(pk=store_id).exists():
        return Turn(Need.LEAVE)
    with transaction.atomic():
        mirror, store = rows.locked(store_id), rows.living(store_id)
        if store is None:
            return Turn(Need.LEAVE)
        wanted, found, wrote = document.resource(store, rows.rules_of(store)), None, False
        looked = look or not mirror.resource_version or mirror.spec != wanted["spec"]
        if looked:
            found = cluster.get(STORE, store.name)
            need = wishes.need(found, rows.as_known(store, mirror))
            if need != Need.WRITE and (need != Need.RESTORE or tell_restored):
                return Turn(need, found, known=mirror.uid)
            found, wrote = _write_spec(cluster, mirror, wanted, found)
        wrote = _write_status(cluster, store, mirror, found) or wrote
        # What was read, and no time of ours: a change that wasn't committed by then may have begun long before.
        mirror.written_at = store.updated_at
        mirror.save()
    return Turn(Need.WRITE, found, wrote)


def _write_spec(cluster: Cluster, mirror: Mirror, wanted: Manifest, found: Manifest | None) -> tuple[Manifest, bool]:
    """The resource as it is then, and whether it had to be written."""
    if found is None:
        # Without force: what somebody has made since the look is a conflict, not ours to overwrite.
        present, wrote = cluster.apply(wanted, force=False), True
    elif document.is_as_wanted(found, wanted):
        present, wrote = found, False
    else:
        present, wrote = cluster.apply(_over(wanted, found)), True
    metadata = present["metadata"]
    mirror.spec = wanted["spec"]
    mirror.uid, mirror.wish_uid = metadata["uid"], ""
    mirror.generation, mirror.resource_version = metadata["generation"], metadata["resourceVersion"]
    return present, wrote


def _over(wanted: Manifest, found: Manifest) -> Manifest:
    """What is wanted, for the version that was looked at only."""
    metadata = {**wanted["metadata"], "resourceVersion": found["metadata"]["resourceVersion"]}
    if document.is_going(found):
        present = found["metadata"].get("finalizers") or []
        metadata["finalizers"] = [each for each in metadata["finalizers"] if each in present]
    return {**wanted, "metadata": metadata}


def _write_status(cluster: Cluster, store: Store, mirror: Mirror, found: Manifest | None) -> bool:
    wanted = document.status(reading.facts_of(store, mirror))
    fingerprint = document.digest(wanted["status"])
    shown = mirror.status_digest if found is None else document.digest(found.get("status") or {})
    wrote = fingerprint != shown
    if wrote:
        mirror.resource_version = put_status(cluster, wanted)["metadata"]["resourceVersion"]
    mirror.status_digest = fingerprint
    return wrote


def put_status(cluster: Cluster, wanted: Manifest) -> Manifest:
    """Apply the status. What others have added to it would stay by the rules of server-side apply: it is replaced."""
    applied = cluster.apply(wanted, subresource="status")
    if document.normal(applied.get("status")) == document.normal(wanted["status"]):
        return applied
    return cluster.replace({**applied, "status": wanted["status"]}, subresource="status")


def _adopt(_: Cluster, store_id: int, turn: Turn) -> None:
    if turn.found is not None:
        adoption.adopt(store_id, turn.found)


def _tear_down(_: Cluster, store_id: int, turn: Turn) -> None:
    adoption.tear_down(store_id, turn.found)


def _restore(_: Cluster, store_id: int, turn: Turn) -> None:
    adoption.note_restoration(store_id, turn.known)


def _replace(cluster: Cluster, store_id: int, turn: Turn) -> None:
    """A resource of another tenant or engine can't show this store, and can't be changed into one that does."""
    if turn.found is not None:
        log.warning("resource replaced: it is of another tenant or engine", store_id=store_id)
        if _release(cluster, turn.found) is not None:
            raise Conflict(f"Others' finalizers hold the resource '{turn.found['metadata']['name']}'.")


_NEXT = {Need.ADOPT: _adopt, Need.TEAR_DOWN: _tear_down, Need.RESTORE: _restore, Need.REPLACE: _replace}


def remove(cluster: Cluster, store: Store) -> Manifest | None:
    """Let the resource go and turn the record into a tombstone, as one act: no writer can bring the resource back.

    Returns the resource when others' finalizers hold it; the record lives on then, and all of this is to be done again.
    Done a second time it touches nothing: a resource of that name is the successor's by then. So is one of another uid.
    """
    with transaction.atomic():
        mirror = rows.locked(store.pk)
        living = Store.objects.filter(pk=store.pk, deleted_at__isnull=True)
        if not living.exists():
            return None
        found = cluster.get(STORE, store.name)
        if found is not None and rows.has_the_name(store) and _is_own(found, mirror):
            held = _release(cluster, found)
            if held is not None:
                return held
        living.update(deleted_at=timezone.now())
    return None


def _is_own(found: Manifest, mirror: Mirror) -> bool:
    uid = found["metadata"]["uid"]
    return uid in (mirror.uid, mirror.wish_uid) or (not mirror.uid and wishes.was_written(found))


def _release(cluster: Cluster, found: Manifest) -> Manifest | None:
    """Delete a resource and take our finalizer away; what is returned stays until others have taken theirs away.

    Nobody can add one to a resource that is going, so what is left out here was left out by its owner.
    """
    name, uid = found["metadata"]["name"], found["metadata"]["uid"]
    cluster.delete(STORE, name, uid=uid)
    left = cluster.get(STORE, name)
    if left is None or left["metadata"]["uid"] != uid:
        return None
    finalizers = left["metadata"].get("finalizers") or []
    others = [each for each in finalizers if each != FINALIZER]
    if others != finalizers:
        version = left["metadata"]["resourceVersion"]
        patch = {"uid": uid, "resourceVersion": version, "finalizers": others or None}
        cluster.patch_merge(STORE, name, None, {"metadata": patch})
    if others:
        return {**left, "metadata": {**left["metadata"], "finalizers": others}}
    cluster.wait_for(STORE, name, None, lambda seen: seen is None or seen["metadata"]["uid"] != uid, timeout=10)
    return None
