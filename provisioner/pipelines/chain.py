"""From an operation's rows to a Celery chain: always the links that are not finished yet, in order.

A message carries the operation's id and the step's name, nothing else. It may come twice, late or never: each link
asks the rows whether it is its turn (`runner`), and the sweep sends a new chain for what nobody carries.
"""

from datetime import timedelta
from uuid import UUID

from celery import chain
from celery.canvas import Signature
from django.db import transaction
from django.utils import timezone

from provisioner.messages import send
from provisioner.operations import transitions
from provisioner.operations.models import FINISHED, Operation, OperationState
from provisioner.pipelines.definitions import PIPELINES
from stores.models import Store

LONGEST_COUNTDOWN_SECONDS = 60.0
"""A message that is put off for longer comes near the broker's visibility timeout, and would be delivered twice."""


def send_chain(operation: Operation, *, countdown: float = 0) -> None:
    """Send the unfinished links once the surrounding transaction commits; `countdown` in seconds delays the first.

    A longer delay than `LONGEST_COUNTDOWN_SECONDS` is left to the sweep, which sends when the step is due.
    """
    if countdown > LONGEST_COUNTDOWN_SECONDS:
        return
    # What goes wrong here must not undo what is committed: `robust` logs it, and the sweep sends again. A lambda, since
    # Django logs a failed callback by its `__qualname__`, which a `partial` lacks.
    transaction.on_commit(lambda: _send(operation.pk, countdown), robust=True)


def wake(store: Store) -> None:
    """Send the chain of the store's running operation, which may have waited for a step of another to let go."""
    running = Operation.objects.filter(store=store, state=OperationState.RUNNING).first()
    if running is not None:
        send_chain(running)


def _send(operation_id: UUID, countdown: float) -> None:
    operation = Operation.objects.get(pk=operation_id)
    pipeline = PIPELINES[operation.kind]
    unfinished = list(operation.steps.exclude(state__in=FINISHED).values_list("name", flat=True))
    if not unfinished:
        return
    links = [_link(operation_id, name, pipeline.queue) for name in unfinished]
    # Noted after the sending: a process that dies in between has its message sent twice, not never.
    if send(chain(*links), countdown=countdown):
        transitions.note_message(operation, timezone.now() + timedelta(seconds=countdown))


def _link(operation_id: UUID, name: str, queue: str) -> "Signature[None]":
    from provisioner.pipelines.tasks import run_link

    return run_link.si(str(operation_id), name).set(queue=queue)
