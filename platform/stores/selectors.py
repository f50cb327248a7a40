"""Reading stores for screens: the same few queries for REST, WebSocket and admin."""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, Value
from django.db.models.functions import Concat

from stores.actions import allowed_actions
from stores.models import Store, StoreEvent, StoreQuerySet
from stores.provisioning import provisioner
from tenants.access import Access

LAST_EVENTS = 15


def visible_stores(access: Access) -> StoreQuerySet:
    """The stores that the caller may see, with all that their shape needs (two queries)."""
    # A page needs a sort key that hardly repeats; phases alone would put thousands of rows under one key.
    phase_order = Concat("phase", Value(" "), "name", output_field=CharField())
    stores = Store.objects.not_gone().select_related("tenant").prefetch_related("conditions")
    return access.visible(stores).annotate(phase_order=phase_order)  # type: ignore[return-value]


def work_context(stores: Sequence[Store]) -> dict[str, Any]:
    """What StoreSerializer needs besides the rows."""
    return {"work": provisioner().work(stores) if stores else {}}


def detail_context(store: Store, access: Access) -> dict[str, Any]:
    """What StoreDetailSerializer needs besides the row."""
    return {
        **work_context([store]),
        "events": store.events.select_related("store")[:LAST_EVENTS],
        "actions": allowed_actions(store, access.role_in(store.tenant_id)),
    }


def last_event_id(access: Access) -> int:
    """The newest event that the caller may see, 0 when there is none."""
    events = access.visible(StoreEvent.objects.all()).order_by("-id")
    return events.values_list("id", flat=True).first() or 0
