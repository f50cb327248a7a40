"""Writing down how a step ended: its rows, the store's status and event, and the message that goes on, as one act.

Rows are locked in the same order everywhere: the store's, the operation's, the step's.
"""

import random

import structlog
from django.db import transaction
from django.utils import timezone

from provisioner.errors import QUOTA, sort
from provisioner.operations import transitions
from provisioner.operations.lease import Lease
from provisioner.operations.models import Operation, OperationKind, OperationState, Step, StepState
from provisioner.operations.retries import ErrorKind, Failure, GiveUp, decide
from provisioner.pipelines.chain import send_chain
from provisioner.pipelines.context import activity_of
from provisioner.pipelines.definitions import PIPELINES
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import Change, ConditionChange, apply_change
from stores.choices import ConditionStatus, ConditionType, EventType
from stores.models import Store
from stores.provisioning import provisioner
from stores.publish import publish_soon
from stores.status import Activity

TELL_AFTER_ATTEMPTS = 3
"""A removal that failed so often in one step says so to a person; a hiccup needs nobody."""

WORKLOADS = (ConditionType.DATABASE_READY, ConditionType.BACKEND_READY, ConditionType.STOREFRONT_READY)
"""Conditions that are judged by what the cluster shows, whatever became of the work on the store (`drift.health`)."""

log = structlog.get_logger(__name__)


def record(operation: Operation, step: Step, lease: Lease, result: Done | Wait) -> bool:
    """True when the chain may go on. Raises LeaseLost, or StepFailed for a wait that has lasted too long."""
    if isinstance(result, Done):
        _record_done(operation, step, lease, result)
        return True
    _check_deadline(operation, step, result)
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
        _note_blocker(operation, step, f"waiting for {result.waiting_for}" if result.blocked else "")
        transitions.wait(lease, result.waiting_for, result.delay)
        if result.waiting_for != step.waiting_for:
            log.info("step waits", waiting_for=result.waiting_for, delay=result.delay)
            publish_soon(operation.store_id, None)
        send_chain(operation, countdown=result.delay)
    return False


def _check_deadline(operation: Operation, step: Step, result: Wait) -> None:
    pipeline = PIPELINES[operation.kind]
    definition = pipeline.step(step.name)
    started = Step.objects.values_list("started_at", flat=True).get(pk=step.pk) or timezone.now()
    spent = (timezone.now() - started).total_seconds()
    if spent > definition.deadline and not pipeline.endless:
        raise StepFailed("Timeout", f"{definition.label} was not ready after {spent:.0f} s: {result.waiting_for}.")


def _record_done(operation: Operation, step: Step, lease: Lease, result: Done) -> None:
    last = PIPELINES[operation.kind].steps[-1].name == step.name
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
        _note_blocker(operation, step, "")
        transitions.finish(lease, StepState.SKIPPED if result.skipped else StepState.SUCCEEDED)
        change = Change(result.event, result.message, step.name, result.conditions, operation.request_id)
        apply_change(operation.store_id, activity_of(operation), change)
        if last:
            transitions.end(operation, OperationState.SUCCEEDED)
            _close(operation)
    log.info("step done", skipped=result.skipped, operation_done=last)


def _close(operation: Operation) -> None:
    """The last word of a birth or a reconciliation. A teardown's last step has said it already."""
    from provisioner.operations.tasks import admit_soon

    store = operation.store
    said = {
        OperationKind.PROVISION: (EventType.STORE_READY, f"{store.label} is ready at {store.url}"),
        OperationKind.RECONCILE: (
            EventType.STORE_RECONCILED,
            f"{store.label} is as it was asked to be, at {store.url}",
        ),
    }
    if operation.kind == OperationKind.HEAL:
        apply_change(operation.store_id, Activity.NONE, Change(None, request_id=operation.request_id))
    elif operation.kind in said:
        event, message = said[OperationKind(operation.kind)]
        generation = operation.generation
        change = Change(event, message, request_id=operation.request_id, observed_generation=generation)
        apply_change(operation.store_id, Activity.NONE, change)
        if operation.kind == OperationKind.RECONCILE:
            # While it was worked on, nobody judged it.
            provisioner().judge_drift(store)
    admit_soon()


def record_failure(operation: Operation, step: Step, lease: Lease, error: Exception) -> None:
    """Write the error down, sorted, and what follows from it: another attempt or the end. Raises LeaseLost."""
    failure = _as_failure(error)
    endless = PIPELINES[operation.kind].endless
    # The jitter only spreads load; nothing depends on its being unguessable.
    decision = decide(failure, step.attempt + 1, random.random(), endless=endless)  # noqa: S311
    log.warning("step failed", reason=failure.reason, kind=failure.kind, attempt=step.attempt + 1)
    if failure.kind == ErrorKind.UNKNOWN:
        log.error("unknown error in a step", exc_info=error)
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
        if isinstance(decision, GiveUp):
            _give_up(operation, step, lease, failure, decision)
            return
        transitions.try_again(lease, failure.reason, failure.message, decision.delay)
        _tell_retry(operation, step, failure, decision.delay)
        send_chain(operation, countdown=decision.delay)


def _as_failure(error: Exception) -> Failure:
    if isinstance(error, StepFailed):
        return Failure(ErrorKind.PERMANENT, error.reason, error.message)
    return sort(error)


def _tell_retry(operation: Operation, step: Step, failure: Failure, delay: float) -> None:
    if operation.kind == OperationKind.TEARDOWN and step.attempt + 1 >= TELL_AFTER_ATTEMPTS:
        _note_blocker(operation, step, failure.message)
        return
    message = f"{failure.message} Trying again in {delay:.0f} s."
    change = Change(EventType.STEP_RETRY, message, step=step.name, request_id=operation.request_id)
    apply_change(operation.store_id, activity_of(operation), change)


def _note_blocker(operation: Operation, step: Step, blocker: str) -> None:
    """Tell once what holds a removal up, and once that it goes on: it may take days, and the log is for people."""
    if blocker == operation.blocker:
        return
    transitions.name_blocker(operation, blocker)
    operation.blocker = blocker
    if blocker:
        event, message = EventType.DELETE_BLOCKED, f"The removal is held up: {blocker.rstrip('.')}."
    else:
        event, message = EventType.DELETE_UNBLOCKED, "The removal goes on."
    log.warning("removal blocked" if blocker else "removal goes on", blocker=blocker)
    change = Change(event, message, step=step.name, request_id=operation.request_id)
    apply_change(operation.store_id, activity_of(operation), change)


def _give_up(operation: Operation, step: Step, lease: Lease, failure: Failure, decision: GiveUp) -> None:
    from provisioner.operations.tasks import admit_soon

    transitions.fail(lease, failure.reason, failure.message)
    transitions.end(operation, OperationState.FAILED, failure.reason, decision.advice)
    if operation.kind == OperationKind.HEAL:
        # The shop goes on as it is; it is looked at again, and the pace of heals decides.
        change = Change(EventType.HEAL_FAILED, failure.message, step=step.name, request_id=operation.request_id)
        apply_change(operation.store_id, Activity.NONE, change)
        provisioner().judge_drift(operation.store)
        return
    if failure.reason == QUOTA:
        exceeded = Change(EventType.QUOTA_EXCEEDED, failure.message, step.name, request_id=operation.request_id)
        apply_change(operation.store_id, activity_of(operation), exceeded)
    unmet = _unmet(operation, step, failure)
    change = Change(EventType.PROVISION_FAILED, decision.advice, step.name, unmet, operation.request_id)
    apply_change(operation.store_id, Activity.FAILED, change)
    admit_soon()


def _unmet(operation: Operation, step: Step, failure: Failure) -> tuple[ConditionChange, ...]:
    """What the step was to bring about isn't so, except for a workload that serves as it did before."""
    type_ = PIPELINES[operation.kind].step(step.name).condition
    if type_ is None:
        return ()
    serves = operation.store.conditions.filter(type=type_, status=ConditionStatus.TRUE).exists()
    if serves and type_ in WORKLOADS:
        return ()
    return (ConditionChange(type_, ConditionStatus.FALSE, failure.reason, failure.message),)
