"""The row of `Mirror` as the lock of whoever looks at or writes a store's resource.

Locks are taken in this order: the mirror's row, the store's, the log's (`stores.changes`). The last is everybody's, so
no request to the cluster is made while it is held.
"""

from provisioner.mirror import document
from provisioner.mirror.authority import may_speak_for
from provisioner.mirror.models import Mirror
from provisioner.mirror.verdicts import DELETION_PROTECTED, TENANT_NOT_ALLOWED, known
from provisioner.mirror.wishes import Known
from stores.models import DriftRule, Store


def locked(store_id: int) -> Mirror:
    """The store's row, locked and made if need be; a tombstone keeps it, so the lock stays the same."""
    held = Mirror.objects.select_for_update(no_key=True)
    found = held.filter(store_id=store_id).first()
    if found is None:
        Mirror.objects.get_or_create(store_id=store_id)
        found = held.get(store_id=store_id)
    return found


def living(store_id: int) -> Store | None:
    """The store, unless its record is a tombstone or still waits for its name."""
    store = Store.objects.select_related("tenant").filter(pk=store_id, deleted_at__isnull=True).first()
    return store if store is not None and has_the_name(store) else None


def has_the_name(store: Store) -> bool:
    """While a store goes away, its mirror shows that; the successor's comes when the name is free."""
    return not Store.objects.not_gone().filter(name=store.name, pk__lt=store.pk).exists()


def rules_of(store: Store) -> list[DriftRule]:
    """The store's own rules of what is ignored, in the order of the resource."""
    return list(store.drift_rules.all())


def as_known(store: Store, mirror: Mirror) -> Known:
    """What the decision about a look needs."""
    return Known(
        spec=document.spec(store, rules_of(store)),
        uid=mirror.uid,
        wish_uid=mirror.wish_uid,
        generation=mirror.generation,
        base=mirror.spec,
        changed_at=store.spec_changed_at,
        going=store.deletion_requested_at is not None,
        protected_told=_is_told_that_it_stays(store, mirror),
    )


def _is_told_that_it_stays(store: Store, mirror: Mirror) -> bool:
    verdict = known(mirror.verdict)
    if verdict is None or verdict.accepted:
        return False
    protected = store.deletion_protection and verdict.reason == DELETION_PROTECTED
    return protected or (verdict.reason == TENANT_NOT_ALLOWED and not may_speak_for(store.tenant.slug))


def look_again(store_id: int, seen: str = "") -> bool:
    """Have the next writer look at the resource, unless `seen` (a resourceVersion) is known already.

    The guarded UPDATE waits for a writer that is at work, and so never takes that one's own write for somebody else's.
    """
    rows = Mirror.objects.filter(store_id=store_id).exclude(resource_version="")
    if seen:
        rows = rows.exclude(resource_version=seen)
    return rows.update(resource_version="") == 1
