"""The Celery task that carries a link. Its arguments are an id and a name: nothing secret, nothing to go stale."""

from uuid import UUID

from celery import shared_task
from celery.exceptions import Ignore
from structlog.contextvars import bind_contextvars

from provisioner.operations.models import Operation
from provisioner.pipelines import runner
from provisioner.pipelines.steps import ACTIONS


@shared_task(name="provisioner.pipelines.tasks.run_link")
def run_link(operation_id: str, name: str) -> None:
    """Run one step of an operation. `Ignore` ends this chain without calling the next link."""
    row = Operation.objects.filter(pk=operation_id).values_list("kind", "store__name", "request_id").first()
    if row is None:
        raise Ignore
    kind, store, request_id = row
    # For as long as the task lasts: Celery's own line comes after the function has returned (config.celery).
    bind_contextvars(operation=operation_id, step=name, store=store, request_id=request_id)
    if not runner.run_link(UUID(operation_id), name, ACTIONS[kind]):
        raise Ignore
