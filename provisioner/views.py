"""Operations and steps as the public contract shows them, in a constant number of queries."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import prefetch_related_objects

from provisioner.operations import admission
from provisioner.operations.models import Operation, OperationState, Step
from provisioner.pipelines.definitions import PIPELINES
from stores.choices import Phase
from stores.models import Store
from stores.provisioning import OperationView, StepView, WorkView


def operation_view(operation: Operation) -> OperationView:
    """One operation; two queries unless store, tenant and steps are fetched already."""
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
    )


def _step_view(operation: Operation, step: Step) -> StepView:
    labels = {definition.name: definition.label for definition in PIPELINES[operation.kind].steps}
    return StepView(
        name=step.name,
        label=labels.get(step.name, step.name),
        state=step.state,
        attempt=step.attempt,
        started_at=step.started_at,
        finished_at=step.finished_at,
        waiting_for=step.waiting_for,
        error=step.error_message,
    )


def work_views(stores: Sequence[Store]) -> Mapping[int, WorkView]:
    """Each store's latest operation, its pipeline and its place; a store that nothing was done to has an empty view."""
    latest = _latest(stores)
    places = _places(stores)
    return {store.pk: _work_view(latest.get(store.pk), places) for store in stores}


def _work_view(operation: Operation | None, places: Mapping[UUID, int]) -> WorkView:
    if operation is None:
        return WorkView()
    view = operation_view(operation)
    waiting = operation.state == OperationState.QUEUED
    return WorkView(view, view.steps, places.get(operation.pk) if waiting else None)


def _latest(stores: Sequence[Store]) -> dict[int, Operation]:
    rows = Operation.objects.filter(store__in=[store.pk for store in stores])
    newest = list(rows.order_by("store_id", "-created_at").distinct("store_id").select_related("store__tenant"))
    prefetch_related_objects(newest, "steps")
    return {operation.store_id: operation for operation in newest}


def _places(stores: Sequence[Store]) -> dict[UUID, int]:
    """Worked out only when somebody waits: the queue is global, so a place counts other tenants' stores too."""
    if not any(store.phase == Phase.PENDING for store in stores):
        return {}
    return {operation_id: place for place, operation_id in enumerate(admission.queue(), start=1)}
