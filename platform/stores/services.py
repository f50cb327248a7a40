"""The verbs of a store. Views, admin actions, commands and the mirror call these and nothing below them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from stores import names
from stores.changes import Change, apply_change, note_change
from stores.choices import DriftPolicy, EventType, Phase
from stores.engines import ENGINES
from stores.errors import Conflict, InvalidStore, KeyUsed, NameTaken, QueueFull, QuotaExceeded
from stores.models import Store
from stores.provisioning import OperationView, provisioner
from stores.status import Activity
from tenants.models import Tenant, User
from tenants.plans import PLANS


@dataclass(frozen=True)
class StoreSpec:
    """What is asked for. Two specs are the same wish when they are equal."""

    name: str
    engine: str = "medusa"
    plan: str = ""
    display_name: str = ""
    drift_policy: str = DriftPolicy.HEAL


@dataclass(frozen=True)
class Created:
    """The store, and whether this call made it."""

    store: Store
    new: bool


def create_store(
    tenant: Tenant, spec: StoreSpec, *, by: User | None, idempotency_key: str = "", request_id: str = ""
) -> Created:
    """Record a store and queue its birth.

    The same wish by the same tenant finds the store that is there (`new` is False). Raises InvalidStore, NameTaken,
    QuotaExceeded or QueueFull; nothing is recorded then.
    """
    _check(spec)
    try:
        with transaction.atomic():
            return _create_locked(tenant, spec, by, idempotency_key, request_id)
    except IntegrityError:
        # Somebody else took the name or the key between our look and our insert: look again.
        return Created(_existing_or_refuse(tenant, spec, idempotency_key), new=False)


def _check(spec: StoreSpec) -> None:
    problem = names.problem_with(spec.name)
    if problem:
        raise InvalidStore(problem, field="name")
    if spec.engine not in ENGINES:
        raise InvalidStore(f"There is no engine '{spec.engine}'; choose one of {', '.join(ENGINES)}.", field="engine")
    if spec.plan and spec.plan not in PLANS:
        raise InvalidStore(f"There is no plan '{spec.plan}'; choose one of {', '.join(PLANS)}.", field="plan")


def _create_locked(tenant: Tenant, spec: StoreSpec, by: User | None, idempotency_key: str, request_id: str) -> Created:
    # The tenant's row is the lock under which quota is counted.
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if _find(tenant, spec, idempotency_key) is not None:
        return Created(_existing_or_refuse(tenant, spec, idempotency_key), new=False)
    _check_room(tenant)
    store = Store.objects.create(
        tenant=tenant,
        name=spec.name,
        engine=spec.engine,
        plan=spec.plan or tenant.plan,
        display_name=spec.display_name,
        drift_policy=spec.drift_policy,
        idempotency_key=idempotency_key,
        created_by=by,
    )
    _start(store, request_id)
    store.refresh_from_db()
    return Created(store, new=True)


def _start(store: Store, request_id: str) -> None:
    engine = ENGINES[store.engine]
    if not engine.available:
        change = Change(EventType.ENGINE_STUB, engine.message, request_id=request_id, observed_generation=1)
        apply_change(store.pk, Activity.NONE, change)
        return
    change = Change(EventType.STORE_REQUESTED, f"{store.label} was asked for.", request_id=request_id)
    apply_change(store.pk, Activity.QUEUED, change)
    provisioner().start_provision(store, request_id=request_id)


def _find(tenant: Tenant, spec: StoreSpec, idempotency_key: str) -> Store | None:
    if idempotency_key:
        by_key = Store.objects.filter(tenant=tenant, idempotency_key=idempotency_key).first()
        if by_key is not None:
            return by_key
    return Store.objects.filter(name=spec.name, deletion_requested_at__isnull=True).first()


def _existing_or_refuse(tenant: Tenant, wish: StoreSpec, idempotency_key: str) -> Store:
    store = _find(tenant, wish, idempotency_key)
    if store is None:
        raise Conflict(f"The store '{wish.name}' was changed by another request at the same moment; try again.")
    if store.tenant_id != tenant.pk:
        raise NameTaken(f"The name '{wish.name}' is taken; choose another.", field="name")
    if idempotency_key and store.idempotency_key == idempotency_key:
        _check_key(store, wish)
    there = StoreSpec(store.name, store.engine, store.plan, store.display_name, store.drift_policy)
    # A plan that wasn't named is no wish, so a tenant's new plan doesn't make the old request another one.
    if there != replace(wish, plan=wish.plan or store.plan):
        raise NameTaken(
            f"The store '{store.name}' exists with another specification; change it with PATCH /stores/{store.name}.",
            field="name",
        )
    return store


def _check_key(store: Store, wish: StoreSpec) -> None:
    if store.name != wish.name:
        raise KeyUsed(f"This Idempotency-Key made the store '{store.name}'; use a new key for '{wish.name}'.")
    if store.deletion_requested_at is not None:
        raise KeyUsed(f"This Idempotency-Key made a store '{store.name}' that has been deleted since; use a new key.")


def _check_room(tenant: Tenant) -> None:
    allowed = tenant.plan_terms.stores_allowed
    used = Store.objects.not_gone().filter(tenant=tenant).count()
    if used >= allowed:
        raise QuotaExceeded(
            f"Tenant '{tenant.slug}' has {used} of the {allowed} stores of its {tenant.plan_terms.label} plan; "
            "delete one or ask for a larger plan.",
            limit=allowed,
            used=used,
        )
    limit = settings.STOREPLANE_QUEUE_LIMIT
    waiting = provisioner().load().queue_depth
    if waiting >= limit:
        raise QueueFull(f"{waiting} stores wait for a slot already, and the limit is {limit}; try again later.")


def request_teardown(store: Store, *, request_id: str = "") -> OperationView:
    """Ask for a store's removal; asking again finds the removal that is under way. Raises Conflict when protected."""
    with transaction.atomic():
        store = Store.objects.select_for_update(no_key=True).get(pk=store.pk)
        if store.deletion_protection:
            raise Conflict(
                f"The store '{store.name}' is protected from deletion; switch deletion_protection off first."
            )
        if store.deletion_requested_at is None:
            store.deletion_requested_at = timezone.now()
            store.save(update_fields=["deletion_requested_at", "updated_at"])
            change = Change(EventType.DELETE_START, f"{store.label} is being removed.", request_id=request_id)
            apply_change(store.pk, Activity.DELETING, change)
        return provisioner().start_teardown(store, request_id=request_id)


def retry(store: Store, *, request_id: str = "") -> OperationView:
    """Try a failed store again, with fresh counters. Raises Conflict unless the store has failed or is stuck."""
    with transaction.atomic():
        store = Store.objects.select_for_update(no_key=True).get(pk=store.pk)
        if store.phase not in (Phase.FAILED, Phase.DEGRADED):
            raise Conflict(f"The store '{store.name}' is {store.phase}; only a failed or degraded one can be retried.")
        change = Change(EventType.RETRY_REQUESTED, "A retry was asked for.", request_id=request_id)
        apply_change(store.pk, Activity.QUEUED, change)
        return provisioner().start_provision(store, request_id=request_id)


CHANGEABLE = ("display_name", "drift_policy", "deletion_protection")


def change_store(store: Store, changes: Mapping[str, Any], *, request_id: str = "") -> Store:
    """Change what may be changed while a store lives (`CHANGEABLE`); the values must be valid already.

    Nothing in the cluster depends on these fields yet, so the store stays as it is observed. Raises Conflict when the
    store is being removed.
    """
    with transaction.atomic():
        store = Store.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=store.pk)
        if store.deletion_requested_at is not None:
            raise Conflict(f"The store '{store.name}' is being removed and can't be changed.")
        changed = {name: value for name, value in changes.items() if getattr(store, name) != value}
        if not changed:
            return store
        for name, value in changed.items():
            setattr(store, name, value)
        store.save(update_fields=[*changed, "updated_at"])
        note_change(store, f"Changed: {', '.join(sorted(changed))}.", request_id)
    store.refresh_from_db()
    return store
