"""Taking a store away."""

from django.db import transaction
from django.utils import timezone

from stores.changes import Change, apply_change
from stores.choices import EventType, Origin
from stores.errors import Conflict
from stores.models import Store
from stores.provisioning import OperationView, provisioner
from stores.status import Activity


def request_teardown(store: Store, *, request_id: str = "", origin: str = Origin.API) -> OperationView:
    """Ask for a store's removal; asking again finds the removal that is under way. Raises Conflict when protected."""
    with transaction.atomic():
        store = Store.objects.select_for_update(no_key=True).get(pk=store.pk)
        if store.deletion_protection:
            raise Conflict(
                f"The store '{store.name}' is protected from deletion; switch deletion_protection off first."
            )
        if store.deletion_requested_at is None:
            store.deletion_requested_at = timezone.now()
            store.save(update_fields=["deletion_requested_at", "updated_at"])
            message = f"{store.label} is being removed."
            change = Change(EventType.DELETE_START, message, request_id=request_id, origin=origin)
            apply_change(store.pk, Activity.DELETING, change)
        return provisioner().start_teardown(store, request_id=request_id)
