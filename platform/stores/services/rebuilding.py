"""Recording a store again that the records have lost, while what it consists of lives on in the cluster."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone

from stores import names
from stores.changes import Change, apply_change
from stores.choices import EventType, Origin
from stores.engines import ENGINES
from stores.models import Store
from stores.provisioning import provisioner
from stores.services.creation import StoreSpec
from stores.services.ignoring import replace_rules
from stores.services.work import activity_of
from stores.status import Activity
from tenants.models import Tenant

RULES = "ignore_differences"


def rebuild_store(
    tenant: Tenant,
    spec: StoreSpec,
    more: Mapping[str, Any],
    *,
    volume_size: str,
    born: bool,
    request_id: str = "",
) -> Store | None:
    """Make the record, and have the store compared with what it should be; None when there is one of that name.

    `more` are further fields by the record's names, `ignore_differences` among them. What was granted once is granted:
    neither quota nor queue count. A store that was `born` gets a reconciliation, which never makes an empty shop in
    place of one whose data are gone; another is born.
    """
    with transaction.atomic():
        names.hold(spec.name)
        if Store.objects.by_name(spec.name) is not None:
            return None
        store = Store.objects.create(
            tenant=tenant,
            name=spec.name,
            engine=spec.engine,
            plan=spec.plan,
            display_name=spec.display_name,
            drift_policy=spec.drift_policy,
            volume_size=volume_size,
            ready_at=timezone.now() if born else None,
            **{name: value for name, value in more.items() if name != RULES},
        )
        _go_on(store, request_id)
        if more.get(RULES):
            replace_rules(store, more[RULES], request_id=request_id, origin=Origin.SWEEP)
    store.refresh_from_db()
    return store


def _go_on(store: Store, request_id: str) -> None:
    message = f"The record of {store.label} was lost, and made again from its resource in the cluster."
    change = Change(EventType.STORE_REQUESTED, message, request_id=request_id, origin=Origin.SWEEP)
    engine = ENGINES[store.engine]
    if not engine.available:
        change = replace(change, event=EventType.ENGINE_STUB, message=engine.message, observed_generation=1)
    idle = store.suspended or not engine.available
    operation = None if idle else provisioner().start_work(store, request_id=request_id)
    apply_change(store.pk, activity_of(operation) if operation else Activity.NONE, change)
