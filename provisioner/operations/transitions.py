"""Every change of an operation's or a step's state: one guarded UPDATE that must hit exactly one row.

Legal changes of an operation: queued → running → succeeded | failed; queued | running → cancelled.
Legal changes of a step: pending | waiting → running → succeeded | waiting | failed; running → running when a lost
owner is replaced; anything unfinished → cancelled together with its operation.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from provisioner.operations.lease import STALE_AFTER, Lease, LeaseLost, own_name
from provisioner.operations.models import (
    ACTIVE,
    CLAIMABLE,
    Operation,
    OperationKind,
    OperationState,
    Step,
    StepState,
)
from stores.models import Store


def create(store: Store, kind: OperationKind, steps: Sequence[str], request_id: str) -> Operation:
    """Record an operation and its steps; runs inside the caller's transaction."""
    operation = Operation.objects.create(store=store, kind=kind, generation=store.generation, request_id=request_id)
    Step.objects.bulk_create(
        Step(operation=operation, position=position, name=name) for position, name in enumerate(steps)
    )
    return operation


def start(operation: Operation) -> bool:
    """queued → running; false when another process was quicker."""
    queued = Operation.objects.filter(pk=operation.pk, state=OperationState.QUEUED)
    return queued.update(state=OperationState.RUNNING, started_at=timezone.now()) == 1


def cancel_active(store: Store) -> int:
    """queued | running → cancelled, with all unfinished steps. Owners stay written down until they let go."""
    with transaction.atomic():
        active = Operation.objects.filter(store=store, state__in=ACTIVE)
        ids = list(active.values_list("pk", flat=True))
        Operation.objects.filter(pk__in=ids).update(state=OperationState.CANCELLED, finished_at=timezone.now())
        unfinished = Step.objects.filter(operation__in=ids, state__in=(*CLAIMABLE, StepState.RUNNING))
        unfinished.update(state=StepState.CANCELLED, fence=F("fence") + 1)
    return len(ids)


def claim(step: Step, *, lost_owner: str = "", waits_for: str = "") -> Lease | None:
    """pending | waiting → running for this process, or running → running in place of a lost owner.

    None when the step isn't to be had: not due, held by a living owner, or its operation is not running. All
    conditions stand on the step's own row, so that a concurrent claim is seen even after waiting for the row's lock.
    """
    now = timezone.now()
    running = Operation.objects.filter(pk=OuterRef("operation_id"), state=OperationState.RUNNING)
    free = Q(state__in=CLAIMABLE) & (Q(due_at__isnull=True) | Q(due_at__lte=now))
    lost = Q(state=StepState.RUNNING, heartbeat_at__lt=now - STALE_AFTER)
    if lost_owner:
        lost |= Q(state=StepState.RUNNING, owner=lost_owner)
    owner = own_name()
    hit = (
        Step.objects.filter(free | lost, pk=step.pk, fence=step.fence)
        .filter(Exists(running))
        .update(
            state=StepState.RUNNING,
            owner=owner,
            heartbeat_at=now,
            fence=F("fence") + 1,
            claims=F("claims") + 1,
            due_at=None,
            started_at=Coalesce("started_at", now),
            waiting_for=step.waiting_for or waits_for,
        )
    )
    return Lease(step.pk, owner, step.fence + 1) if hit == 1 else None


def finish(lease: Lease, state: StepState = StepState.SUCCEEDED) -> None:
    """running → succeeded (or skipped)."""
    _leave(lease, state=state, finished_at=timezone.now(), waiting_for="", error_reason="", error_message="")


def wait(lease: Lease, waiting_for: str, delay: float) -> None:
    """running → waiting: the step has looked, and looks again in `delay` seconds."""
    _leave(lease, state=StepState.WAITING, waiting_for=waiting_for, due_at=_in(delay), claims=0)


def try_again(lease: Lease, reason: str, message: str, delay: float) -> None:
    """running → waiting after an error."""
    _leave(
        lease,
        state=StepState.WAITING,
        attempt=F("attempt") + 1,
        error_reason=reason,
        error_message=message,
        due_at=_in(delay),
    )


def fail(lease: Lease, reason: str, message: str) -> None:
    """running → failed; the operation is failed by the caller in the same transaction."""
    _leave(
        lease,
        state=StepState.FAILED,
        attempt=F("attempt") + 1,
        error_reason=reason,
        error_message=message,
        finished_at=timezone.now(),
    )


def let_go(lease: Lease) -> None:
    """An owner whose lease was lost stops acting: the row no longer names it."""
    Step.objects.filter(pk=lease.step_id, owner=lease.owner).exclude(state=StepState.RUNNING).update(owner="")


def end(operation: Operation, state: OperationState, reason: str = "", message: str = "") -> None:
    """running → succeeded or failed."""
    running = Operation.objects.filter(pk=operation.pk, state=OperationState.RUNNING)
    hit = running.update(state=state, finished_at=timezone.now(), error_reason=reason, error_message=message)
    if hit != 1:
        raise LeaseLost(f"operation {operation.pk} is no longer running")


def _leave(lease: Lease, **values: object) -> None:
    held = Step.objects.filter(pk=lease.step_id, owner=lease.owner, fence=lease.fence, state=StepState.RUNNING)
    if held.update(owner="", heartbeat_at=None, **values) != 1:
        raise LeaseLost(f"step {lease.step_id} is no longer held by {lease.owner}")


def _in(delay: float) -> datetime | None:
    return timezone.now() + timedelta(seconds=delay) if delay > 0 else None
