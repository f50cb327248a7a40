"""What a step is given to work with."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from provisioner.cluster import Cluster
from provisioner.helm import Helm
from provisioner.operations.lease import Lease
from provisioner.operations.models import Operation, OperationKind
from stores.changes import Change, ConditionChange, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.status import Activity

SLICE_SECONDS = 10.0
"""The longest that a step watches before it hands itself on, so that a killed worker loses little."""


@dataclass(frozen=True)
class Context:
    """One claim of one step: the store, who holds it, since when the step goes on, and the two gateways."""

    store: Store
    operation: Operation
    lease: Lease
    cluster: Cluster
    helm: Helm
    started_at: datetime

    @property
    def spent(self) -> float:
        """Seconds since the step was first claimed in this operation."""
        return (timezone.now() - self.started_at).total_seconds()

    def tell(self, event: EventType, message: str, *conditions: ConditionChange, step: str = "") -> None:
        """Write a line of the story while the step goes on; raises LeaseLost when it is no longer ours to tell."""
        change = Change(event, message, step=step, conditions=conditions, request_id=self.operation.request_id)
        with transaction.atomic():
            Store.objects.select_for_update(no_key=True).get(pk=self.store.pk)
            self.lease.check()
            apply_change(self.store.pk, activity_of(self.operation), change)


def activity_of(operation: Operation) -> Activity:
    """What the store is doing while this operation runs."""
    if operation.kind == OperationKind.TEARDOWN:
        return Activity.DELETE_BLOCKED if operation.blocker else Activity.DELETING
    if operation.kind == OperationKind.HEAL:
        return Activity.HEALING
    return Activity.PROVISIONING if operation.kind == OperationKind.PROVISION else Activity.CHANGING
