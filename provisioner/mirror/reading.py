"""All that a status tells, read from the rows."""

from django.db.models import prefetch_related_objects

from provisioner import views
from provisioner.mirror.document import Facts
from provisioner.mirror.models import Mirror
from provisioner.mirror.schema_status import ACTIVITY_LOG_LENGTH
from provisioner.mirror.verdicts import known
from provisioner.operations.explanation import explain
from provisioner.operations.models import Operation
from stores.models import Store


def facts_of(store: Store, mirror: Mirror) -> Facts:
    """For one store, in a constant number of queries."""
    operation = Operation.objects.filter(store=store).order_by("-created_at").first()
    place, explanation = None, ""
    if operation is not None:
        prefetch_related_objects([operation], "steps")
        place = views.places([operation]).get(operation.pk)
        explanation = explain(views.situation(operation, place), now=None)
    return Facts(
        store=store,
        conditions=list(store.conditions.all()),
        events=list(store.events.order_by("-id")[:ACTIVITY_LOG_LENGTH]),
        generation=mirror.generation,
        verdict=known(mirror.verdict),
        operation=operation,
        explanation=explanation,
        place=place,
    )
