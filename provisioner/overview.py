"""What goes on in the cluster, for the operator's first page, in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from provisioner import views
from provisioner.operations import admission
from provisioner.operations.models import FINISHED, Operation, OperationState, Step
from stores.admin.marks import since

SHOWN = 10


@dataclass(frozen=True)
class Waiting:
    """An operation in the queue; 1 is the next."""

    place: int
    operation: Operation

    @property
    def since(self) -> str:
        """How long it has waited."""
        return since(self.operation.created_at)


@dataclass(frozen=True)
class Running:
    """An operation that runs, the step that it has come to, and why it is there."""

    operation: Operation
    step: Step | None
    explanation: str

    @property
    def since(self) -> str:
        """How long it has run."""
        return since(self.operation.started_at)


@dataclass(frozen=True)
class Work:
    """The first of the queue and how many it has, what runs, and what failed last; `blocked` can't start yet."""

    queue: Sequence[Waiting]
    queued: int
    blocked: int
    running: Sequence[Running]
    running_count: int
    failures: Sequence[Operation]


def work() -> Work:
    """Read it."""
    order = admission.queue()
    waiting = _operations().in_bulk(order[:SHOWN])
    states = Operation.objects.filter(state=OperationState.QUEUED).count()
    running = _operations().filter(state=OperationState.RUNNING).order_by("started_at").prefetch_related("steps")
    return Work(
        queue=[Waiting(place, waiting[pk]) for place, pk in enumerate(order[:SHOWN], start=1) if pk in waiting],
        queued=len(order),
        blocked=max(0, states - len(order)),
        running=[_running(operation) for operation in running[:SHOWN]],
        running_count=running.count(),
        failures=list(_operations().filter(state=OperationState.FAILED).order_by("-finished_at")[:SHOWN]),
    )


def _operations() -> QuerySet[Operation]:
    return Operation.objects.select_related("store__tenant")


def _running(operation: Operation) -> Running:
    step = next((step for step in operation.steps.all() if step.state not in FINISHED), None)
    return Running(operation, step, views.operation_view(operation, {}).explanation)
