"""The Celery task that carries a link. Its arguments are an id and a name: nothing secret, nothing to go stale."""

from uuid import UUID

from celery import shared_task
from celery.exceptions import Ignore

from provisioner.operations.models import Operation
from provisioner.pipelines import runner
from provisioner.pipelines.steps import ACTIONS


@shared_task(name="provisioner.pipelines.tasks.run_link")
def run_link(operation_id: str, name: str) -> None:
    """Run one step of an operation. `Ignore` ends this chain without calling the next link."""
    kind = Operation.objects.filter(pk=operation_id).values_list("kind", flat=True).first()
    if kind is None or not runner.run_link(UUID(operation_id), name, ACTIONS[kind]):
        raise Ignore
