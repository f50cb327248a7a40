"""The one way in which a store's status changes: conditions, phase and event in one transaction.

Locks are always taken in this order: the store's row, then the log's lock, which is held until the commit so that
event ids grow in the order of commits. A reader that asks for "all after id N" can therefore miss nothing. Rows are
locked FOR NO KEY UPDATE: the stronger lock would stop the foreign-key checks of other rows' inserts, which wait for it
while they hold the log's lock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from stores.choices import STEP_CONDITIONS, ConditionStatus, ConditionType, EventType, Phase
from stores.engines import ENGINES
from stores.models import Condition, Store, StoreEvent
from stores.publish import publish_soon
from stores.status import HEALING_STOPPED, SUMMARY_TYPES, Activity, Facts, Summary, summarise

_LOG_LOCK = 0x53544F5245  # "STORE": the advisory lock that orders the log


@dataclass(frozen=True)
class ConditionChange:
    """A condition that one of the steps or the drift judge has seen to be so."""

    type: ConditionType
    status: ConditionStatus
    reason: str
    message: str = ""


@dataclass(frozen=True)
class Change:
    """What happened, for the log, and what it means for the conditions."""

    event: EventType | None
    message: str = ""
    step: str = ""
    conditions: tuple[ConditionChange, ...] = ()
    request_id: str = ""
    origin: str = ""
    observed_generation: int | None = None


def apply_change(store_id: int, activity: Activity, change: Change) -> StoreEvent | None:
    """Write the change and its event, and publish both once the transaction commits.

    `activity` is what the caller, who knows the operations, says is being done to the store. Returns the event, or
    None for a change that the log needn't tell (`change.event` is None).
    """
    now = timezone.now()
    with transaction.atomic():
        store = Store.objects.select_for_update(no_key=True).get(pk=store_id)
        if change.observed_generation is not None:
            store.observed_generation = change.observed_generation
        conditions = _take_conditions(store, change.conditions, now)
        summary = _summarise(store, activity, conditions, change.message)
        _take_summary(store, conditions, summary, change, now)
        event = _log(store, change.event, change, now) if change.event is not None else None
        publish_soon(store.pk, event)
    return event


def note_change(store: Store, message: str, request_id: str = "", origin: str = "") -> StoreEvent:
    """Log a changed wish that asks nothing of the cluster: phase and conditions stay. The caller has the row locked."""
    return note_event(store, EventType.SPEC_CHANGED, message, request_id=request_id, origin=origin)


def note_event(store: Store, type_: EventType, message: str, *, request_id: str = "", origin: str = "") -> StoreEvent:
    """Log what leaves phase and conditions as they are."""
    change = Change(type_, message, request_id=request_id, origin=origin)
    event = _log(store, type_, change, timezone.now())
    publish_soon(store.pk, event)
    return event


def _take_conditions(store: Store, changes: Iterable[ConditionChange], now: datetime) -> dict[str, Condition]:
    conditions = {condition.type: condition for condition in store.conditions.all()}
    _begin(store, conditions, now)
    for change in changes:
        _set(store, conditions, change, now)
    return conditions


def _begin(store: Store, conditions: dict[str, Condition], now: datetime) -> None:
    """Have the conditions that will come there from the first look on, so that who waits for one finds it.

    https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
    ("Controllers should apply their conditions to a resource the first time they visit the resource")
    """
    if not ENGINES[store.engine].available:
        return
    unseen = [
        Condition(
            store=store,
            type=type_,
            status=ConditionStatus.UNKNOWN,
            reason="NotYetSeen",
            last_transition_time=now,
            observed_generation=store.generation,
        )
        for type_ in STEP_CONDITIONS
        if type_ not in conditions
    ]
    Condition.objects.bulk_create(unseen)
    conditions |= {condition.type: condition for condition in unseen}


def _set(store: Store, conditions: dict[str, Condition], change: ConditionChange, now: datetime) -> None:
    condition = conditions.get(change.type)
    if condition is None:
        condition = Condition(store=store, type=change.type, status="", last_transition_time=now)
        conditions[change.type] = condition
    if condition.become(change.status, change.reason, change.message, store.generation, now):
        condition.save()


def _summarise(store: Store, activity: Activity, conditions: dict[str, Condition], message: str) -> Summary:
    facts = Facts(
        activity=activity,
        conditions={condition.type: condition.status for condition in conditions.values()},
        engine_available=ENGINES[store.engine].available,
        suspended=store.suspended,
        healing_stopped=_healing_stopped(conditions.get(ConditionType.DRIFTED)),
        message=message,
    )
    return summarise(facts)


def _healing_stopped(drifted: Condition | None) -> bool:
    return drifted is not None and (drifted.status, drifted.reason) == (ConditionStatus.TRUE, HEALING_STOPPED)


def _take_summary(
    store: Store, conditions: dict[str, Condition], summary: Summary, change: Change, now: datetime
) -> None:
    verdicts = (summary.ready, summary.reconciling, summary.stalled)
    for type_, verdict in zip(SUMMARY_TYPES, verdicts, strict=True):
        status = ConditionStatus(verdict.status)
        message = _message_of(conditions.get(type_), type_, status, change.message)
        _set(store, conditions, ConditionChange(type_, status, verdict.reason, message), now)
    store.phase = summary.phase
    if change.message:
        store.message = change.message
    if summary.phase == Phase.READY and store.ready_at is None:
        store.ready_at = now
    store.save(update_fields=["phase", "message", "ready_at", "observed_generation", "updated_at"])


def _message_of(known: Condition | None, type_: ConditionType, status: ConditionStatus, said: str) -> str:
    """`Ready` always tells the latest; the others speak only while they are True. Nothing said changes nothing."""
    if type_ != ConditionType.READY and status != ConditionStatus.TRUE:
        return ""
    return said or (known.message if known else "")


def _log(store: Store, type_: EventType, change: Change, now: datetime) -> StoreEvent:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOG_LOCK])
    return StoreEvent.objects.create(
        store=store,
        tenant_id=store.tenant_id,
        type=type_,
        message=change.message,
        phase=store.phase,
        step=change.step,
        request_id=change.request_id,
        origin=change.origin,
        timestamp=now,
    )
