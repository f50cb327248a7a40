"""One link of a chain: look, claim, act, record. The rows decide; the message only wakes us up."""

import random
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from provisioner.cluster import cluster
from provisioner.errors import sort
from provisioner.helm import helm
from provisioner.operations import transitions
from provisioner.operations.lease import Lease, LeaseLost, is_surely_dead
from provisioner.operations.models import (
    FINISHED,
    Operation,
    OperationKind,
    OperationState,
    Step,
    StepState,
)
from provisioner.operations.retries import MOST_CLAIMS_WITHOUT_END, ErrorKind, Failure, GiveUp, decide
from provisioner.pipelines.chain import send_chain
from provisioner.pipelines.context import Context, activity_of
from provisioner.pipelines.definitions import PIPELINES
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.publish import publish_soon
from stores.status import Activity

log = structlog.get_logger(__name__)

Action = Callable[[Context], Done | Wait]


class Verdict(Enum):
    """What a link that was just delivered should do."""

    ACT = "act"
    GO_ON = "go on"
    STOP = "stop"


def look(operation_state: str, steps: Sequence[tuple[str, str]], name: str) -> Verdict:
    """Decide from rows alone; `steps` are (name, state) in order.

    GO_ON lets the chain pass over a link that is done already; STOP ends this chain, because the operation is over,
    an earlier link isn't done, or another worker holds the step.
    """
    if operation_state != OperationState.RUNNING:
        return Verdict.STOP
    for step, state in steps:
        if step == name:
            if state in FINISHED:
                return Verdict.GO_ON
            return Verdict.ACT if state not in (StepState.FAILED, StepState.CANCELLED) else Verdict.STOP
        if state not in FINISHED:
            return Verdict.STOP
    return Verdict.STOP


def run_link(operation_id: UUID, name: str, actions: Mapping[str, Action]) -> bool:
    """Carry one link; true when the chain may go on to the next."""
    operation = Operation.objects.select_related("store").filter(pk=operation_id).first()
    if operation is None:
        return False
    steps = list(operation.steps.all())
    verdict = look(operation.state, [(step.name, step.state) for step in steps], name)
    if verdict != Verdict.ACT:
        return verdict == Verdict.GO_ON
    step = next(step for step in steps if step.name == name)
    lease = _claim(operation, step)
    if lease is None:
        return False
    if step.state == StepState.PENDING:
        # Nothing to log, but whoever looks on sees the pipeline move.
        publish_soon(operation.store_id, None)
    with structlog.contextvars.bound_contextvars(store=operation.store.name, step=name):
        return _carry(operation, step, lease, actions[name])


def _claim(operation: Operation, step: Step) -> Lease | None:
    """Claim the step; a step that is taken from a lost worker leaves an event that says so."""
    lost = step.owner if step.state == StepState.RUNNING else ""
    dead = lost if lost and is_surely_dead(lost) else ""
    waits_for = PIPELINES[operation.kind].step(step.name).waits_for
    lease = transitions.claim(step, lost_owner=dead, waits_for=waits_for)
    if lease is not None and lost:
        message = f"The worker that ran step '{step.name}' was lost; another has taken it over."
        apply_change(
            operation.store_id,
            activity_of(operation),
            Change(EventType.STEP_TAKEN_OVER, message, step=step.name, request_id=operation.request_id),
        )
    return lease


def _carry(operation: Operation, step: Step, lease: Lease, action: Action) -> bool:
    try:
        with lease.kept():
            if step.claims >= MOST_CLAIMS_WITHOUT_END:
                raise StepFailed("WorkerLost", f"Step '{step.name}' has lost its worker {step.claims} times.")
            context = Context(operation.store, operation, lease, cluster(), helm())
            result = action(context)
        return _record(operation, step, lease, result)
    except LeaseLost as lost:
        log.info("lease lost", why=str(lost))
        transitions.let_go(lease)
        return False
    except Exception as error:
        _record_failure(operation, step, lease, error)
        return False


def _record(operation: Operation, step: Step, lease: Lease, result: Done | Wait) -> bool:
    if isinstance(result, Done):
        _record_done(operation, step, lease, result)
        return True
    definition = PIPELINES[operation.kind].step(step.name)
    started = Step.objects.values_list("started_at", flat=True).get(pk=step.pk) or timezone.now()
    spent = (timezone.now() - started).total_seconds()
    if spent > definition.deadline and not PIPELINES[operation.kind].endless:
        raise StepFailed("Timeout", f"{definition.label} was not ready after {spent:.0f} s: {result.waiting_for}.")
    with transaction.atomic():
        transitions.wait(lease, result.waiting_for, result.delay)
        if result.waiting_for != step.waiting_for:
            publish_soon(operation.store_id, None)
        send_chain(operation.pk, countdown=result.delay)
    return False


def _record_done(operation: Operation, step: Step, lease: Lease, result: Done) -> None:
    last = PIPELINES[operation.kind].steps[-1].name == step.name
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
        transitions.finish(lease)
        change = Change(result.event, result.message, step.name, result.conditions, operation.request_id)
        apply_change(operation.store_id, activity_of(operation), change)
        if last:
            transitions.end(operation, OperationState.SUCCEEDED)
            _close(operation)


def _close(operation: Operation) -> None:
    """The last word of a birth. A teardown's last step has said it already."""
    from provisioner.operations.tasks import admit_soon

    if operation.kind == OperationKind.PROVISION:
        message = f"{operation.store.label} is ready at {operation.store.url}"
        change = Change(
            EventType.STORE_READY,
            message,
            request_id=operation.request_id,
            observed_generation=operation.generation,
        )
        apply_change(operation.store_id, Activity.NONE, change)
    admit_soon()


def _record_failure(operation: Operation, step: Step, lease: Lease, error: Exception) -> None:
    failure = _as_failure(error)
    endless = PIPELINES[operation.kind].endless
    # The jitter only spreads load; nothing depends on its being unguessable.
    decision = decide(failure, step.attempt + 1, random.random(), endless=endless)  # noqa: S311
    log.warning("step failed", reason=failure.reason, kind=failure.kind, attempt=step.attempt + 1)
    if failure.kind == ErrorKind.UNKNOWN:
        log.error("unknown error in a step", exc_info=error)
    try:
        with transaction.atomic():
            Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
            if isinstance(decision, GiveUp):
                _give_up(operation, step, lease, failure, decision)
                return
            transitions.try_again(lease, failure.reason, failure.message, decision.delay)
            _tell_retry(operation, step, failure, decision.delay)
            send_chain(operation.pk, countdown=decision.delay)
    except LeaseLost:
        transitions.let_go(lease)


def _as_failure(error: Exception) -> Failure:
    if isinstance(error, StepFailed):
        return Failure(ErrorKind.PERMANENT, error.reason, error.message)
    return sort(error)


def _tell_retry(operation: Operation, step: Step, failure: Failure, delay: float) -> None:
    message = f"{failure.message} Trying again in {delay:.0f} s."
    blocked = operation.kind == OperationKind.TEARDOWN and step.attempt + 1 >= 3  # noqa: PLR2004
    event = EventType.DELETE_BLOCKED if blocked else EventType.STEP_RETRY
    activity = Activity.DELETE_BLOCKED if blocked else activity_of(operation)
    change = Change(event, message, step=step.name, request_id=operation.request_id)
    apply_change(operation.store_id, activity, change)


def _give_up(operation: Operation, step: Step, lease: Lease, failure: Failure, decision: GiveUp) -> None:
    from provisioner.operations.tasks import admit_soon

    transitions.fail(lease, failure.reason, failure.message)
    transitions.end(operation, OperationState.FAILED, failure.reason, decision.advice)
    change = Change(EventType.PROVISION_FAILED, decision.advice, step=step.name, request_id=operation.request_id)
    apply_change(operation.store_id, Activity.FAILED, change)
    admit_soon()
