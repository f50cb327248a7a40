"""Every change of an operation's or a step's state: one guarded UPDATE that must hit exactly one row.

Legal changes of an operation: queued → running → succeeded | failed; queued | running → cancelled.
Legal changes of a step: pending | waiting → running → succeeded | skipped | waiting | failed; running → running when a
lost owner is replaced; anything → pending when its operation is rewound; anything unfinished → cancelled together with
its operation.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from config import tracing
from provisioner.operations import clock, tallies
from provisioner.operations.errors import LeaseLost, NotClaimable, WrongState
from provisioner.operations.lease import Lease, silent_before
from provisioner.operations.models import (
    ACTIVE,
    CLAIMABLE,
    FINISHED,
    Operation,
    OperationKind,
    OperationState,
    Step,
    StepState,
)
from provisioner.operations.owners import own_name
from stores.models import Store

log = structlog.get_logger(__name__)


def create(store: Store, kind: OperationKind, steps: Sequence[str], request_id: str) -> Operation:
    """Record an operation and its steps; runs inside the caller's transaction.

    Raises IntegrityError when the store has an operation that is queued or running.
    """
    operation = Operation.objects.create(
        store=store,
        kind=kind,
        generation=store.generation,
        request_id=request_id,
        traceparent=tracing.traceparent(f"{kind} asked for", {"storeplane.store": store.name}),
    )
    Step.objects.bulk_create(
        Step(operation=operation, position=position, name=name) for position, name in enumerate(steps)
    )
    # Leads from a request's lines to those of its work.
    log.info("work asked for", store=store.name, kind=kind, operation=str(operation.pk), request_id=request_id)
    return operation


def start(operation: Operation) -> None:
    """queued → running. Raises WrongState."""
    _change(operation, (OperationState.QUEUED,), state=OperationState.RUNNING, started_at=timezone.now())


def end(operation: Operation, state: OperationState, reason: str = "", message: str = "") -> None:
    """running → succeeded or failed. Raises WrongState."""
    ended = {"state": state, "finished_at": timezone.now(), "blocker": ""}
    _change(operation, (OperationState.RUNNING,), **ended, error_reason=reason, error_message=message)


def cancel(operation: Operation) -> None:
    """queued | running → cancelled, with all unfinished steps; raises WrongState.

    The fences move, so nobody acts or records for it any more. Owners stay written down until they let go.
    """
    with transaction.atomic():
        _change(operation, ACTIVE, state=OperationState.CANCELLED, finished_at=timezone.now())
        unfinished = Step.objects.filter(operation=operation).exclude(state__in=(*FINISHED, StepState.FAILED))
        unfinished.update(state=StepState.CANCELLED, fence=F("fence") + 1)


def rewind(operation: Operation, generation: int) -> None:
    """Begin again towards a newer generation, with fresh counters; raises WrongState unless it is queued or running.

    All steps are pending again and their fences move: what a running step does counts for the old generation only,
    and nobody claims that step before its owner has let go.
    """
    with transaction.atomic():
        _change(operation, ACTIVE, generation=generation, message_due_at=None)
        Step.objects.filter(operation=operation).update(
            state=StepState.PENDING,
            fence=F("fence") + 1,
            attempt=0,
            claims=0,
            due_at=None,
            started_at=None,
            finished_at=None,
            waiting_for="",
            error_reason="",
            error_message="",
        )


def hurry(operation: Operation) -> None:
    """A step that waits for a later time is due now. Raises WrongState unless the operation is running."""
    with transaction.atomic():
        _change(operation, (OperationState.RUNNING,), message_due_at=None)
        Step.objects.filter(operation=operation, state=StepState.WAITING).update(due_at=None)


def name_blocker(operation: Operation, blocker: str) -> None:
    """Write down what holds a running operation up, or by an empty text that nothing does. Raises WrongState."""
    _change(operation, (OperationState.RUNNING,), blocker=blocker)


def note_message(operation: Operation, due_at: datetime) -> None:
    """Write down when the chain that was just sent is to be delivered; that of an operation that is over is let be."""
    Operation.objects.filter(pk=operation.pk, state=OperationState.RUNNING).update(message_due_at=due_at)


def claim(step: Step, *, lost_owner: str = "", waits_for: str = "") -> Lease:
    """pending | waiting → running for this process, or in place of an owner that is silent or, as `lost_owner`, dead.

    Raises NotClaimable when the step isn't to be had. All conditions stand on the step's own row, so that a concurrent
    claim is seen even after waiting for the row's lock.
    """
    now = timezone.now()
    running = Operation.objects.filter(pk=OuterRef("operation_id"), state=OperationState.RUNNING)
    due = Q(due_at__isnull=True) | Q(due_at__lte=now)
    let_go = Q(owner="") | Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=silent_before())
    if lost_owner:
        let_go |= Q(owner=lost_owner)
    open_to_claim = (Q(state__in=CLAIMABLE) & due) | Q(state=StepState.RUNNING)
    owner = own_name()
    hit = (
        Step.objects.filter(open_to_claim & let_go, pk=step.pk, fence=step.fence)
        .filter(Exists(running))
        .update(
            state=StepState.RUNNING,
            owner=owner,
            heartbeat_at=clock.DatabaseTime(),
            fence=F("fence") + 1,
            claims=F("claims") + 1,
            due_at=None,
            started_at=Coalesce("started_at", now),
            waiting_for=step.waiting_for or waits_for,
        )
    )
    if hit != 1:
        raise NotClaimable(f"step {step.pk} is not to be had")
    return Lease(step.pk, owner, step.fence + 1)


def finish(lease: Lease, state: StepState = StepState.SUCCEEDED) -> None:
    """running → succeeded (or skipped), counted with the time it took unless skipped. Raises LeaseLost."""
    with transaction.atomic():
        _leave(lease, state=state, finished_at=timezone.now(), waiting_for="", error_reason="", error_message="")
        if state == StepState.SUCCEEDED:
            tallies.count_finished(lease.step_id)


def wait(lease: Lease, waiting_for: str, delay: float) -> None:
    """running → waiting: the step has looked, and looks again in `delay` seconds. Raises LeaseLost.

    An owner that lived to say so has not been killed by the step, so earlier kills are forgiven.
    """
    _leave(lease, state=StepState.WAITING, waiting_for=waiting_for, due_at=_in(delay), claims=0)


def try_again(lease: Lease, reason: str, message: str, delay: float) -> None:
    """running → waiting after an error. Raises LeaseLost."""
    _leave(
        lease,
        state=StepState.WAITING,
        attempt=F("attempt") + 1,
        claims=0,
        error_reason=reason,
        error_message=message,
        due_at=_in(delay),
    )


def fail(lease: Lease, reason: str, message: str) -> None:
    """running → failed, and counted; the caller ends the operation in the same transaction. Raises LeaseLost."""
    with transaction.atomic():
        _leave(
            lease,
            state=StepState.FAILED,
            attempt=F("attempt") + 1,
            error_reason=reason,
            error_message=message,
            finished_at=timezone.now(),
        )
        tallies.count_failure(lease.step_id, reason)


def let_go(lease: Lease) -> bool:
    """An owner whose lease was taken away has stopped acting: the row no longer names it. False when it didn't."""
    named = Step.objects.filter(pk=lease.step_id, owner=lease.owner).exclude(fence=lease.fence, state=StepState.RUNNING)
    return named.update(owner="", heartbeat_at=None) == 1


def forget_the_lost() -> int:
    """Owners that were lost in operations that are over are no longer written down; how many. No state changes."""
    over = Step.objects.exclude(operation__state=OperationState.RUNNING).exclude(owner="")
    return over.filter(heartbeat_at__lt=silent_before()).update(owner="", heartbeat_at=None)


def _change(operation: Operation, states: Sequence[OperationState], **values: object) -> None:
    if Operation.objects.filter(pk=operation.pk, state__in=states).update(**values) != 1:
        raise WrongState(f"operation {operation.pk} is not {' or '.join(states)}")


def _leave(lease: Lease, **values: object) -> None:
    held = Step.objects.filter(pk=lease.step_id, owner=lease.owner, fence=lease.fence, state=StepState.RUNNING)
    if held.update(owner="", heartbeat_at=None, **values) != 1:
        raise LeaseLost(f"step {lease.step_id} is no longer held by {lease.owner}")


def _in(delay: float) -> datetime | None:
    return timezone.now() + timedelta(seconds=delay) if delay > 0 else None
