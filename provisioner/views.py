"""Operations and steps as the public contract shows them, in a constant number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.db.models import prefetch_related_objects
from django.utils import timezone

from provisioner.operations import admission
from provisioner.operations.explanation import Situation, explain
from provisioner.operations.models import ENDED, FINISHED, Operation, OperationKind, OperationState, Step
from provisioner.pipelines.definitions import PIPELINES
from stores.models import Store
from stores.provisioning import OperationView, StepView, WorkView


def operation_view(operation: Operation, known: Mapping[UUID, int] | None = None) -> OperationView:
    """One operation; two queries unless store, tenant and steps are fetched already.

    `known` are the places in the queue, when they were worked out already.
    """
    if known is None:
        known = places([operation])
    place = known.get(operation.pk)
    return OperationView(
        id=operation.pk,
        kind=operation.kind,
        state=operation.state,
        store=operation.store.name,
        tenant=operation.store.tenant.slug,
        created_at=operation.created_at,
        started_at=operation.started_at,
        finished_at=operation.finished_at,
        error_reason=operation.error_reason,
        error=operation.error_message,
        steps=tuple(_step_view(operation, step) for step in operation.steps.all()),
        generation=operation.generation,
        request_id=operation.request_id,
        explanation=explain(situation(operation, place), timezone.now()),
        queue_position=place,
    )


def situation(operation: Operation, place: int | None) -> Situation:
    """What there is to explain: the operation with the step that it has come to."""
    step = next((step for step in operation.steps.all() if step.state not in FINISHED), None)
    if step is None or operation.state != OperationState.RUNNING:
        slots = settings.STOREPLANE_PROVISION_SLOTS
        return Situation(operation.state, place=place, slots=slots, error=operation.error_message)
    return Situation(
        state=operation.state,
        label=_label(operation, step),
        step_state=step.state,
        held=any(each.owner for each in operation.steps.all()),
        waiting_for=step.waiting_for,
        attempt=step.attempt,
        due_at=step.due_at,
        error=step.error_message,
        blocker=operation.blocker,
    )


def _label(operation: Operation, step: Step) -> str:
    labels = {definition.name: definition.label for definition in PIPELINES[operation.kind].steps}
    return labels.get(step.name, step.name)


def _step_view(operation: Operation, step: Step) -> StepView:
    return StepView(
        name=step.name,
        label=_label(operation, step),
        state=step.state,
        attempt=step.attempt,
        started_at=step.started_at,
        finished_at=step.finished_at,
        due_at=step.due_at,
        waiting_for=step.waiting_for,
        error_reason=step.error_reason,
        error=step.error_message,
    )


def work_views(stores: Sequence[Store]) -> Mapping[int, WorkView]:
    """Each store's latest operation (a heal only while it goes on), its pipeline and its place.

    A store that nothing was done to has an empty view.
    """
    latest = _latest(stores)
    known = places(latest.values())
    return {store.pk: _work_view(latest.get(store.pk), known) for store in stores}


def _work_view(operation: Operation | None, known: Mapping[UUID, int]) -> WorkView:
    if operation is None:
        return WorkView()
    view = operation_view(operation, known)
    return WorkView(view, view.steps, view.queue_position)


def _latest(stores: Sequence[Store]) -> dict[int, Operation]:
    rows = Operation.objects.filter(store__in=[store.pk for store in stores])
    # A heal that is over says nothing of how the store came to be as it is; its story is in the findings.
    rows = rows.exclude(kind=OperationKind.HEAL, state__in=ENDED)
    newest = list(rows.order_by("store_id", "-created_at").distinct("store_id").select_related("store__tenant"))
    prefetch_related_objects(newest, "steps")
    return {operation.store_id: operation for operation in newest}


def places(operations: Iterable[Operation]) -> dict[UUID, int]:
    """The place of each operation in the queue, 1 being next; worked out only when one of those given waits.

    The queue is global, so a place counts other tenants' stores too.
    """
    if not any(operation.state == OperationState.QUEUED for operation in operations):
        return {}
    return {operation_id: place for place, operation_id in enumerate(admission.queue(), start=1)}
