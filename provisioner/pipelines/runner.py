"""One link of a chain: look, claim, act, record. The rows decide; the message only wakes us up."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from django.db import Error as DatabaseFault
from django.db import connection, transaction
from django.utils import timezone

from config import tracing
from provisioner import helm
from provisioner.cluster import cluster
from provisioner.operations import clock, transitions
from provisioner.operations.errors import LeaseLost, NotClaimable
from provisioner.operations.lease import Lease, busy_elsewhere
from provisioner.operations.models import Operation, OperationKind, Step, StepState
from provisioner.operations.owners import is_surely_dead
from provisioner.operations.recovery import rests_until
from provisioner.operations.retries import MOST_CLAIMS_WITHOUT_END
from provisioner.pipelines import recording
from provisioner.pipelines.chain import wake
from provisioner.pipelines.context import Context, activity_of
from provisioner.pipelines.definitions import PIPELINES
from provisioner.pipelines.looking import Verdict, look
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.publish import publish_soon

log = structlog.get_logger(__name__)

Action = Callable[[Context], Done | Wait]


def run_link(operation_id: UUID, name: str, actions: Mapping[str, Action]) -> bool:
    """Carry one link; true when the chain may go on to the next."""
    # The steps before the store: a claim needs the fence that was read, and a newer wish than the store shows moves it.
    steps = list(Step.objects.filter(operation_id=operation_id).order_by("position"))
    operation = Operation.objects.select_related("store").filter(pk=operation_id).first()
    if operation is None:
        return False
    with structlog.contextvars.bound_contextvars(
        store=operation.store.name, step=name, operation=str(operation.pk), request_id=operation.request_id
    ):
        return _run(operation, steps, name, actions)


def _run(operation: Operation, steps: Sequence[Step], name: str, actions: Mapping[str, Action]) -> bool:
    verdict = look(operation.state, [(step.name, step.state) for step in steps], name)
    if verdict != Verdict.ACT:
        log.debug("link not run", verdict=verdict.value, operation_state=operation.state)
        return verdict == Verdict.GO_ON
    step = next(step for step in steps if step.name == name)
    if _must_wait_for_another(operation, step):
        return False
    try:
        lease = _claim(operation, step)
    except NotClaimable as refusal:
        log.info("link not run", why=str(refusal), owner=step.owner, due_at=step.due_at)
        return False
    with tracing.span(f"step {name}", _traced(operation, step, lease), parent=operation.traceparent, kind="consumer"):
        return _carry(operation, step, lease, actions[name])


def _must_wait_for_another(operation: Operation, step: Step) -> bool:
    """A removal has a step of its own that waits; anything else just comes back when the other has let go."""
    if operation.kind == OperationKind.TEARDOWN:
        return False
    other = busy_elsewhere(operation.store_id, step.pk)
    if other is not None:
        log.info("link not run", why=f"step '{other.name}', which was stopped, may still act", owner=other.owner)
    return other is not None


def _claim(operation: Operation, step: Step) -> Lease:
    """Claim the step; one that is taken from a lost worker leaves an event that says so. Raises NotClaimable."""
    definition = PIPELINES[operation.kind].step(step.name)
    lost = step.owner
    rests = rests_until(step)
    if rests is not None and rests > clock.database_time():
        raise NotClaimable(f"its owner may still act; if it was lost, the step rests until {rests:%H:%M:%S}")
    dead = lost if lost and is_surely_dead(lost) else ""
    with transaction.atomic():
        if lost:
            Store.objects.select_for_update(no_key=True).get(pk=operation.store_id)
        lease = transitions.claim(step, lost_owner=dead, waits_for=definition.waits_for)
        if lost:
            _tell_of_the_lost(operation, step, dead=bool(dead))
        elif step.state == StepState.PENDING:
            # Nothing to log, but whoever looks on sees the pipeline move.
            publish_soon(operation.store_id, None)
    log.info("step claimed", fence=lease.fence, attempt=step.attempt + 1, taken_from=lost)
    return lease


def _traced(operation: Operation, step: Step, lease: Lease) -> tracing.Attributes:
    """`step` is as it was before the claim."""
    return {
        "storeplane.operation": str(operation.pk),
        "storeplane.operation_kind": operation.kind,
        "storeplane.generation": operation.generation,
        "storeplane.request_id": operation.request_id,
        "storeplane.store": operation.store.name,
        "storeplane.step": step.name,
        "storeplane.attempt": step.attempt + 1,
        "storeplane.claims": step.claims + 1,
        "storeplane.fence": lease.fence,
        "storeplane.taken_from": step.owner,
    }


def _tell_of_the_lost(operation: Operation, step: Step, *, dead: bool) -> None:
    silent = clock.database_time() - step.heartbeat_at if step.heartbeat_at else timedelta(0)
    reason = "its process is gone" if dead else f"it has given no sign of life for {silent.total_seconds():.0f} s"
    message = f"The worker that ran step '{step.name}' was lost ({reason}); another has taken it over."
    change = Change(EventType.STEP_TAKEN_OVER, message, step=step.name, request_id=operation.request_id)
    apply_change(operation.store_id, activity_of(operation), change)


def _carry(operation: Operation, step: Step, lease: Lease, action: Action) -> bool:
    try:
        with lease.kept(on_lost=helm.abandon):
            if step.claims >= MOST_CLAIMS_WITHOUT_END:
                raise StepFailed(
                    "WorkerLost",
                    f"Step '{step.name}' has lost its worker {step.claims} times in a row: look into the workers' log "
                    "and at their memory for what ends them.",
                )
            started_at = step.started_at or timezone.now()
            result = action(Context(operation.store, operation, lease, cluster(), helm.helm(), started_at))
        goes_on = recording.record(operation, step, lease, result)
    except LeaseLost as lost:
        return _stand_aside(operation, lease, lost)
    except DatabaseFault as error:
        # Whether the last transaction was committed is not known: ask the rows, by a connection that works.
        connection.close()
        return _record_failure(operation, step, lease, error)
    except Exception as error:
        return _record_failure(operation, step, lease, error)
    _note_result(result)
    return goes_on


def _note_result(result: Done | Wait) -> None:
    if isinstance(result, Wait):
        told = {"storeplane.result": "waiting", "storeplane.waiting_for": result.waiting_for}
    else:
        told = {"storeplane.result": "skipped" if result.skipped else "succeeded"}
    tracing.current().note(told)


def _record_failure(operation: Operation, step: Step, lease: Lease, error: Exception) -> bool:
    tracing.current().note({"storeplane.result": "failed"})
    tracing.current().fail(error.reason if isinstance(error, StepFailed) else type(error).__name__)
    try:
        recording.record_failure(operation, step, lease, error)
    except LeaseLost as lost:
        return _stand_aside(operation, lease, lost)
    return False


def _stand_aside(operation: Operation, lease: Lease, lost: LeaseLost) -> bool:
    """The step is no longer ours. Let go, and wake whoever waited for that; go on if it turns out to be finished."""
    log.info("lease lost", why=str(lost))
    tracing.current().note({"storeplane.result": "lease lost"})
    if transitions.let_go(lease):
        wake(operation.store)
    step = Step.objects.select_related("operation").get(pk=lease.step_id)
    return look(step.operation.state, [(step.name, step.state)], step.name) == Verdict.GO_ON
