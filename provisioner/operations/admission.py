"""Who gets a slot next. The order is a pure function; granting it happens under one lock in the database."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef
from django.utils import timezone

from config import tracing
from provisioner.operations import transitions
from provisioner.operations.errors import WrongState
from provisioner.operations.models import SLOTTED, Operation, OperationKind, OperationState
from provisioner.pipelines.chain import send_chain
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.status import Activity

_ADMISSION_LOCK = 0x534C4F5453  # "SLOTS"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Waiting:
    """An operation that waits for a slot."""

    operation_id: UUID
    tenant_id: int
    created_at: datetime


def order(
    waiting: Sequence[Waiting], running: Mapping[int, int], last_admitted: Mapping[int, datetime | None]
) -> list[UUID]:
    """The whole queue, next first: round-robin between tenants, oldest first within one.

    A tenant's turn comes by how few of its stores hold a slot, then by how long ago it got one. `running` counts the
    slots that each tenant holds now.
    """
    queues: dict[int, list[Waiting]] = {}
    for entry in sorted(waiting, key=lambda each: (each.created_at, str(each.operation_id))):
        queues.setdefault(entry.tenant_id, []).append(entry)
    held = Counter(dict(running))
    granted: dict[int, int] = {}
    result: list[UUID] = []

    def turn(tenant: int) -> tuple[int, int, float, datetime, int]:
        last = last_admitted.get(tenant)
        since = last.timestamp() if last else 0.0
        return held[tenant], granted.get(tenant, 0), since, queues[tenant][0].created_at, tenant

    while queues:
        tenant = min(queues, key=turn)
        result.append(queues[tenant].pop(0).operation_id)
        held[tenant] += 1
        granted[tenant] = len(result)
        if not queues[tenant]:
            del queues[tenant]
    return result


def admit() -> list[UUID]:
    """Give free slots to those whose turn it is, and send their chains; the operations that got one.

    Any number of processes may call this at once: the lock makes the count of slots and the grant one act.
    """
    admitted = []
    while (operation_id := _admit_next()) is not None:
        admitted.append(operation_id)
    return admitted


def _admit_next() -> UUID | None:
    """Grant one slot in a transaction of its own: the log's lock must never be held while a store's row is awaited."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADMISSION_LOCK])
        if slots_used() >= settings.STOREPLANE_PROVISION_SLOTS:
            return None
        for operation_id in queue():
            operation = Operation.objects.select_related("store").get(pk=operation_id)
            # The store's row comes before the operation's, as everywhere (`stores.changes`).
            Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
            try:
                transitions.start(operation)
            except WrongState:
                continue  # cancelled since the queue was read
            with tracing.span("admission", _attributes(operation), parent=operation.traceparent):
                _begin(operation)
            return operation_id
    return None


def _attributes(operation: Operation) -> tracing.Attributes:
    return {
        "storeplane.operation": str(operation.pk),
        "storeplane.store": operation.store.name,
        "storeplane.queued_seconds": (timezone.now() - operation.created_at).total_seconds(),
    }


def _begin(operation: Operation) -> None:
    label = operation.store.label
    if operation.kind == OperationKind.PROVISION:
        event, activity = EventType.PROVISIONING_START, Activity.PROVISIONING
        message = f"{label} has a slot: provisioning starts."
    else:
        event, activity = EventType.RECONCILE_START, Activity.CHANGING
        message = f"{label} has a slot: it is brought to what was asked for."
    apply_change(operation.store_id, activity, Change(event, message, request_id=operation.request_id))
    send_chain(operation)
    log.info(
        "admitted",
        store=operation.store.name,
        kind=operation.kind,
        operation=str(operation.pk),
        request_id=operation.request_id,
    )


def slots_used() -> int:
    """Slots that are taken, over all workers together."""
    return Operation.objects.filter(kind__in=SLOTTED, state=OperationState.RUNNING).count()


def queue() -> list[UUID]:
    """The operations that could start now, next first. One whose name is still being torn down isn't among them."""
    predecessor = Store.objects.not_gone().filter(name=OuterRef("store__name"), deletion_requested_at__isnull=False)
    queued = Operation.objects.filter(kind__in=SLOTTED, state=OperationState.QUEUED)
    ready = queued.exclude(Exists(predecessor)).values_list("id", "store__tenant_id", "created_at")
    waiting = [Waiting(*row) for row in ready]
    if not waiting:
        return []
    slots = Operation.objects.filter(kind__in=SLOTTED)
    running = Counter(slots.filter(state=OperationState.RUNNING).values_list("store__tenant_id", flat=True))
    tenants = {entry.tenant_id for entry in waiting}
    last = slots.filter(store__tenant_id__in=tenants).values_list("store__tenant_id").annotate(Max("started_at"))
    return order(waiting, running, dict(last))
