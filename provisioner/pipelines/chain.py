"""From an operation's rows to a Celery chain: always the links that are not finished yet, in order.

A message carries the operation's id and the step's name, nothing else. It may come twice, late or never: each link
asks the rows whether it is its turn (`runner`), and the sweep sends a new chain for what nobody carries.
"""

from uuid import UUID

from celery import chain
from django.db import transaction
from django.utils import timezone

from provisioner.operations.models import FINISHED, Operation
from provisioner.pipelines.definitions import PIPELINES

TASK = "provisioner.pipelines.tasks.run_link"


def send_chain(operation_id: UUID, *, countdown: float = 0) -> None:
    """Send the unfinished links once the surrounding transaction commits; `countdown` in seconds delays the first."""
    # A broker that is away must not undo what is committed: `robust` logs it, and the sweep sends again.
    transaction.on_commit(lambda: _send(operation_id, countdown), robust=True)


def _send(operation_id: UUID, countdown: float) -> None:
    operation = Operation.objects.get(pk=operation_id)
    pipeline = PIPELINES[operation.kind]
    unfinished = list(operation.steps.exclude(state__in=FINISHED).values_list("name", flat=True))
    if not unfinished:
        return
    Operation.objects.filter(pk=operation_id).update(sent_at=timezone.now())
    links = [_link(operation_id, name, pipeline.queue) for name in unfinished]
    chain(*links).apply_async(countdown=countdown)


def _link(operation_id: UUID, name: str, queue: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - celery has no types
    from provisioner.pipelines.tasks import run_link

    return run_link.si(str(operation_id), name).set(queue=queue)
