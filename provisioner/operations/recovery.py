"""What the sweep does for each running operation: decided from its rows, and by itself enough to finish all of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from provisioner.operations.lease import STALE_AFTER, is_surely_dead
from provisioner.operations.models import FINISHED, Operation, OperationState, Step, StepState
from provisioner.pipelines.chain import send_chain

RESEND_AFTER = timedelta(seconds=30)
"""How long a sent chain may lie in a queue before another is sent; a double one does no harm."""


@dataclass(frozen=True)
class Carried:
    """The present step of a running operation, as its rows tell; `owner_dead` is what this host knows of the owner."""

    state: str
    due_at: datetime | None
    heartbeat_at: datetime | None
    sent_at: datetime | None
    owner_dead: bool = False


def needs_chain(carried: Carried, now: datetime) -> bool:
    """True when nobody carries the operation: its message was lost, or its worker was."""
    if carried.state == StepState.RUNNING:
        silent = carried.heartbeat_at is None or carried.heartbeat_at < now - STALE_AFTER
        return (silent or carried.owner_dead) and _not_sent_since(carried, now - timedelta(seconds=5))
    if carried.due_at is not None and carried.due_at > now:
        return False
    # A step that waited is late only when some time has passed since it was due.
    since = max(filter(None, (carried.due_at, carried.sent_at)), default=None)
    return since is None or since < now - RESEND_AFTER


def _not_sent_since(carried: Carried, moment: datetime) -> bool:
    return carried.sent_at is None or carried.sent_at < moment


def sweep() -> list[UUID]:
    """Send a chain for each running operation that nobody carries; their ids."""
    now = timezone.now()
    unfinished = Step.objects.exclude(state__in=FINISHED).order_by("position")
    running = Operation.objects.filter(state=OperationState.RUNNING)
    sent = []
    for operation in running.prefetch_related(Prefetch("steps", unfinished, to_attr="unfinished")):
        if operation.unfinished and needs_chain(_carried(operation, operation.unfinished[0]), now):
            send_chain(operation.pk)
            sent.append(operation.pk)
    return sent


def _carried(operation: Operation, step: Step) -> Carried:
    return Carried(
        state=step.state,
        due_at=step.due_at,
        heartbeat_at=step.heartbeat_at,
        sent_at=operation.sent_at,
        owner_dead=bool(step.owner) and is_surely_dead(step.owner),
    )
