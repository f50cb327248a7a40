"""What the sweep does for each running operation: decided from its rows, and by itself enough to finish all of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Prefetch
from structlog.contextvars import bound_contextvars

from provisioner.operations import clock, transitions
from provisioner.operations.models import FINISHED, Operation, OperationState, Step, StepState
from provisioner.operations.owners import is_surely_dead
from provisioner.operations.retries import pause_after_loss
from provisioner.pipelines.chain import send_chain

JUST_SENT = timedelta(seconds=5)

log = structlog.get_logger(__name__)


class Reason(StrEnum):
    """Why a chain is sent again."""

    OWNER_DEAD = "the owner's process is gone"
    OWNER_SILENT = "the owner has stopped beating"
    NEVER_SENT = "no message is on its way"
    LOST = "the message was not taken"


@dataclass(frozen=True)
class Patience:
    """How long the sweep waits before it thinks something lost."""

    stale: timedelta
    resend: timedelta


@dataclass(frozen=True)
class Carried:
    """The present step of a running operation, as its rows tell.

    `held` is whether an owner is written down, `owner_dead` what this host knows of it, `rests_until` when the step may
    be claimed again if its owner is lost, `message_due_at` when the last message that was sent for the operation is to
    be delivered.
    """

    state: str
    due_at: datetime | None = None
    heartbeat_at: datetime | None = None
    message_due_at: datetime | None = None
    held: bool = False
    owner_dead: bool = False
    rests_until: datetime | None = None


def rests_until(step: Step) -> datetime | None:
    """When a step may be claimed in place of an owner that was lost; None without such an owner."""
    if not step.owner or step.heartbeat_at is None:
        return None
    # The golden ratio spreads consecutive numbers evenly.
    spread = (step.pk * 0.618034) % 1
    return step.heartbeat_at + timedelta(seconds=pause_after_loss(step.claims, spread))


def why_send(carried: Carried, now: datetime, patience: Patience) -> Reason | None:
    """Why nobody carries the operation (its message was lost, or its worker was); None when somebody does."""
    if carried.state == StepState.RUNNING or carried.held:
        return _of_owner(carried, now, patience)
    if carried.due_at is not None and carried.due_at > now:
        return None
    if carried.message_due_at is None or (carried.due_at is not None and carried.message_due_at < carried.due_at):
        return Reason.NEVER_SENT
    return Reason.LOST if carried.message_due_at < now - patience.resend else None


def _of_owner(carried: Carried, now: datetime, patience: Patience) -> Reason | None:
    silent = carried.heartbeat_at is None or carried.heartbeat_at < now - patience.stale
    if not silent and not carried.owner_dead:
        return None
    if carried.rests_until is not None and carried.rests_until > now:
        return None
    if carried.message_due_at is not None and carried.message_due_at > now - min(JUST_SENT, patience.resend):
        return None
    return Reason.OWNER_DEAD if carried.owner_dead else Reason.OWNER_SILENT


def sweep() -> list[UUID]:
    """Send a chain for each running operation that nobody carries; their ids. Forget owners that were lost."""
    now = clock.database_time()
    patience = Patience(
        stale=timedelta(seconds=settings.STOREPLANE_STALE_SECONDS),
        resend=timedelta(seconds=settings.STOREPLANE_RESEND_SECONDS),
    )
    unfinished = Step.objects.exclude(state__in=FINISHED).order_by("position")
    running = Operation.objects.filter(state=OperationState.RUNNING).select_related("store")
    sent = []
    for operation in running.prefetch_related(Prefetch("steps", unfinished, to_attr="unfinished")):
        if not operation.unfinished:
            continue
        step = operation.unfinished[0]
        reason = why_send(_carried(operation, step), now, patience)
        if reason is not None:
            with bound_contextvars(
                store=operation.store.name, step=step.name, operation=str(operation.pk), request_id=operation.request_id
            ):
                log.info("sent again", why=str(reason), owner=step.owner)
                send_chain(operation)
            sent.append(operation.pk)
    transitions.forget_the_lost()
    return sent


def _carried(operation: Operation, step: Step) -> Carried:
    return Carried(
        state=step.state,
        due_at=step.due_at,
        heartbeat_at=step.heartbeat_at,
        message_due_at=operation.message_due_at,
        held=bool(step.owner),
        owner_dead=bool(step.owner) and is_surely_dead(step.owner),
        rests_until=rests_until(step),
    )
