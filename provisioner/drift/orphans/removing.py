"""Removing an orphan, on a person's word: judged once more, and by its uid, so that nothing else of its name goes."""

from collections.abc import Callable

from django.db import transaction

from provisioner import labels, volumes
from provisioner.cluster import Cluster, Conflict, Manifest, NotFound
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM, SECRET, STORE
from provisioner.drift.orphans import looking
from provisioner.drift.orphans.deciding import Seen, orphans
from provisioner.drift.orphans.models import Orphan, OrphanKind
from provisioner.mirror.schema import FINALIZER
from stores import names
from stores.errors import Conflict as Refusal
from stores.publish import stream_key, streams


def remove(cluster: Cluster, orphan: Orphan, *, note: Callable[[], object] = lambda: None) -> bool:
    """Have it deleted; False when it was gone already, or is another one by now. The row goes in both cases.

    `note` is called before the deletion, when there will be one, and what it writes stands whatever becomes of that:
    an answer that is late or a process that dies doesn't undo what the cluster has begun.

    Raises Conflict when it is no orphan any more, ClusterError or redis.RedisError when it can't be reached. While it
    is looked at and deleted, no store of that name can be asked for.
    """
    removed = _act(cluster, orphan, lambda _: note()) and _act(
        cluster, orphan, lambda seen: _delete(cluster, orphan, seen)
    )
    orphan.delete()
    return removed


def _act(cluster: Cluster, orphan: Orphan, act: Callable[[Seen], object]) -> bool:
    """Judge it once more, and act under the lock of its name; False when it is gone. Raises Conflict."""
    with transaction.atomic():
        names.hold(_store_of(orphan))
        seen = looking.look_at(cluster, orphan)
        if not _is_there(seen, orphan):
            return False
        if any(_is_it(each.kind, each.uid, orphan) for each in orphans(seen, looking.living())):
            act(seen)
            return True
    orphan.delete()
    raise Refusal(f"{orphan} is no orphan any more: a store of its name is there. It was left alone.")


def _store_of(orphan: Orphan) -> str:
    match orphan.kind:
        case OrphanKind.REDIS_KEY:
            return orphan.name.removeprefix(stream_key(""))
        case OrphanKind.NAMESPACE | OrphanKind.SECRET:
            return labels.store_of(orphan.name)
        case OrphanKind.CLAIM | OrphanKind.VOLUME | OrphanKind.RELEASE:
            return labels.store_of(orphan.namespace)
    return orphan.name


def _is_there(seen: Seen, orphan: Orphan) -> bool:
    if orphan.kind == OrphanKind.REDIS_KEY:
        return bool(seen.keys)
    candidates = {
        OrphanKind.NAMESPACE: seen.namespaces,
        OrphanKind.CLAIM: seen.claims,
        OrphanKind.VOLUME: seen.volumes,
        OrphanKind.SECRET: seen.copies,
        OrphanKind.RELEASE: seen.releases,
        OrphanKind.STORE: seen.stores,
    }[OrphanKind(orphan.kind)]
    return any(each["metadata"]["uid"] == orphan.uid for each in candidates)


def _is_it(kind: OrphanKind, uid: str, orphan: Orphan) -> bool:
    return (kind, uid) == (orphan.kind, orphan.uid)


def _delete(cluster: Cluster, orphan: Orphan, seen: Seen) -> None:
    match orphan.kind:
        case OrphanKind.NAMESPACE:
            cluster.delete(NAMESPACE, orphan.name, uid=orphan.uid)
        case OrphanKind.CLAIM:
            cluster.delete(PERSISTENT_VOLUME_CLAIM, orphan.name, orphan.namespace, uid=orphan.uid)
        case OrphanKind.VOLUME:
            cluster.patch_merge(PERSISTENT_VOLUME, orphan.name, None, volumes.going(orphan.uid))
        case OrphanKind.SECRET:
            cluster.delete(SECRET, orphan.name, orphan.namespace, uid=orphan.uid)
        case OrphanKind.RELEASE:
            for secret in seen.releases:
                metadata = secret["metadata"]
                cluster.delete(SECRET, metadata["name"], orphan.namespace, uid=metadata["uid"])
        case OrphanKind.STORE:
            cluster.delete(STORE, orphan.name, uid=orphan.uid)
            _let_go(cluster, orphan)
        case OrphanKind.REDIS_KEY:
            streams().delete(orphan.name)


def _let_go(cluster: Cluster, orphan: Orphan) -> None:
    """Take our finalizer away: there is no teardown that would ever do it. Others' stay."""
    left = cluster.get(STORE, orphan.name)
    if left is None or left["metadata"]["uid"] != orphan.uid:
        return
    try:
        cluster.patch_merge(STORE, orphan.name, None, {"metadata": _without_ours(left)})
    except (Conflict, NotFound):
        return  # changed or gone since; the next sweep finds what is left


def _without_ours(resource: Manifest) -> Manifest:
    metadata = resource["metadata"]
    others = [each for each in metadata.get("finalizers") or [] if each != FINALIZER]
    return {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], "finalizers": others or None}
