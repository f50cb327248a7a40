"""Asking for a store."""

from dataclasses import asdict, dataclass, replace

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from stores import names
from stores.changes import Change, apply_change
from stores.choices import DriftPolicy, EventType, Origin
from stores.engines import ENGINES
from stores.errors import Conflict, InvalidStore, KeyUsed, NameTaken, QueueFull, QuotaExceeded
from stores.models import Store
from stores.provisioning import provisioner
from stores.status import Activity
from tenants.models import Tenant, User
from tenants.plans import PLANS

_QUEUE_LOCK = 0x5155455545  # "QUEUE": the advisory lock under which the queue is counted


@dataclass(frozen=True)
class StoreSpec:
    """What is asked for. Two specs are the same wish when they are equal; an empty plan or policy asks for none."""

    name: str
    engine: str = "medusa"
    plan: str = ""
    display_name: str = ""
    drift_policy: str = ""


@dataclass(frozen=True)
class Created:
    """The store, and whether this call made it."""

    store: Store
    new: bool


@dataclass(frozen=True)
class _Source:
    """Where a wish came from, for the log."""

    request_id: str
    origin: str


def create_store(
    tenant: Tenant,
    spec: StoreSpec,
    *,
    by: User | None,
    idempotency_key: str = "",
    request_id: str = "",
    origin: str = Origin.API,
) -> Created:
    """Record a store and queue its birth.

    The same wish by the same tenant finds the store that is there (`new` is False). Raises InvalidStore, NameTaken,
    QuotaExceeded or QueueFull; nothing is recorded then.
    """
    _check(spec)
    try:
        with transaction.atomic():
            return _create_locked(tenant, spec, by, idempotency_key, _Source(request_id, origin))
    except IntegrityError:
        # Somebody else took the name or the key between our look and our insert: look again.
        return Created(_existing_or_refuse(tenant, spec, idempotency_key), new=False)


def _check(spec: StoreSpec) -> None:
    problem = names.problem_with(spec.name)
    if problem:
        raise InvalidStore(problem, field="name")
    problem = names.problem_with_display_name(spec.display_name)
    if problem:
        raise InvalidStore(problem, field="display_name")
    if spec.engine not in ENGINES:
        raise InvalidStore(f"There is no engine '{spec.engine}'; choose one of {', '.join(ENGINES)}.", field="engine")
    if spec.plan and spec.plan not in PLANS:
        raise InvalidStore(f"There is no plan '{spec.plan}'; choose one of {', '.join(PLANS)}.", field="plan")


def _create_locked(tenant: Tenant, spec: StoreSpec, by: User | None, idempotency_key: str, source: _Source) -> Created:
    names.hold(spec.name)
    # The tenant's row is the lock under which quota is counted.
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)
    if _find(tenant, spec, idempotency_key) is not None:
        existing = _existing_or_refuse(tenant, spec, idempotency_key)
        if idempotency_key and not existing.idempotency_key:
            # What the key was answered with is what it stands for from now on.
            Store.objects.filter(pk=existing.pk).update(idempotency_key=idempotency_key, keyed_wish=asdict(spec))
        return Created(existing, new=False)
    _check_quota(tenant, spec.name)
    if ENGINES[spec.engine].available:
        _check_queue()
    plan = spec.plan or tenant.plan
    store = Store.objects.create(
        tenant=tenant,
        name=spec.name,
        engine=spec.engine,
        plan=plan,
        volume_size=PLANS[plan].storage,
        display_name=spec.display_name,
        drift_policy=spec.drift_policy or DriftPolicy.HEAL,
        idempotency_key=idempotency_key,
        keyed_wish=asdict(spec) if idempotency_key else None,
        created_by=by,
    )
    _start(store, source)
    store.refresh_from_db()
    return Created(store, new=True)


def _start(store: Store, source: _Source) -> None:
    engine = ENGINES[store.engine]
    if not engine.available:
        stub = Change(EventType.ENGINE_STUB, engine.message, request_id=source.request_id, origin=source.origin)
        change = replace(stub, observed_generation=1)
        apply_change(store.pk, Activity.NONE, change)
        return
    message = f"{store.label} was asked for."
    change = Change(EventType.STORE_REQUESTED, message, request_id=source.request_id, origin=source.origin)
    apply_change(store.pk, Activity.QUEUED, change)
    provisioner().start_work(store, request_id=source.request_id)


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
        raise NameTaken(names.taken(wish.name), field="name")
    if idempotency_key and store.idempotency_key == idempotency_key:
        _check_key(store, wish)
        if store.keyed_wish == asdict(wish):
            return store  # whatever has become of it since
    there = StoreSpec(store.name, store.engine, store.plan, store.display_name, store.drift_policy)
    # What wasn't named is no wish: neither a tenant's new plan nor a policy, which a request for a store can't name,
    # makes the old request another one.
    if there != replace(wish, plan=wish.plan or store.plan, drift_policy=wish.drift_policy or store.drift_policy):
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


def _check_quota(tenant: Tenant, name: str) -> None:
    """A store takes over the place of one of its name that is going away: until that is gone it only waits.

    Of several such it takes over one, so that asking and deleting in turn doesn't fill the queue.
    """
    allowed = tenant.plan_terms.stores_allowed
    stores = Store.objects.not_gone().filter(tenant=tenant)
    used = stores.count()
    takes_over = stores.filter(name=name, deletion_requested_at__isnull=False).exists()
    if used - takes_over >= allowed:
        raise QuotaExceeded(
            f"Tenant '{tenant.slug}' has {used} of the {allowed} stores of its {tenant.plan_terms.label} plan; "
            "delete one or ask for a larger plan.",
            limit=allowed,
            used=used,
        )


def _check_queue() -> None:
    """Held until the commit, the lock makes the count and the new entry one act, whoever else asks meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_QUEUE_LOCK])
    limit = settings.STOREPLANE_QUEUE_LIMIT
    waiting = provisioner().load().queue_depth
    if waiting >= limit:
        raise QueueFull(f"{waiting} stores wait for a slot already, and the limit is {limit}; try again later.")
