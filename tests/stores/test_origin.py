"""The log names where a wish came from, and the record when the last one was granted."""

from collections.abc import Callable
from typing import Any

import pytest

from stores import services
from stores.choices import EventType, Origin, Phase
from stores.models import Store
from stores.publish import as_message
from stores.services import StoreSpec, create_store
from tenants.models import Tenant
from tests.people import as_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def store() -> Store:
    tenant = Tenant.objects.create(slug="acme", name="acme")
    made = create_store(tenant, StoreSpec(name="tea-shop"), by=None, origin=Origin.KUBECTL).store
    Store.objects.update(phase=Phase.FAILED)
    return made


def last(store: Store, type_: EventType) -> str:
    """Where the newest event of that type came from."""
    event = store.events.filter(type=type_).order_by("-pk")[0]
    assert as_message(event)["origin"] == event.origin
    return event.origin


Service = Callable[..., Any]


@pytest.mark.parametrize(
    ("service", "event"),
    [
        (services.retry, EventType.RETRY_REQUESTED),
        (services.reconcile, EventType.RECONCILE_REQUESTED),
        (services.suspend, EventType.SUSPENDED),
        (services.request_teardown, EventType.DELETE_START),
    ],
)
def test_each_wish_tells_where_it_came_from(store: Store, service: Service, event: EventType) -> None:
    service(store, origin=Origin.ADMIN)

    assert last(store, event) == "admin"
    assert last(store, EventType.STORE_REQUESTED) == "kubectl"


@pytest.mark.parametrize(
    ("changes", "event"),
    [
        ({"display_name": "Tea"}, EventType.SPEC_CHANGED),
        ({"plan": "large"}, EventType.SPEC_CHANGED),
        ({"suspended": True}, EventType.SUSPENDED),
    ],
)
def test_a_change_tells_where_it_came_from_and_when(store: Store, changes: Any, event: EventType) -> None:
    before = store.spec_changed_at

    services.change_store(store, changes, origin=Origin.KUBECTL)

    assert last(store, event) == "kubectl"
    assert Store.objects.get().spec_changed_at > before


def test_a_change_to_what_is_there_already_is_no_later_wish(store: Store) -> None:
    before = store.spec_changed_at

    services.change_store(store, {"plan": store.plan}, origin=Origin.KUBECTL)

    assert Store.objects.get().spec_changed_at == before


def test_a_resumed_store_tells_where_that_came_from(store: Store) -> None:
    services.suspend(store)
    before = Store.objects.get().spec_changed_at

    services.resume(store, origin=Origin.KUBECTL)

    assert last(store, EventType.RESUMED) == "kubectl"
    assert Store.objects.get().spec_changed_at > before


def test_the_api_shows_it() -> None:
    client = as_user("ann")
    client.post("/stores", {"name": "tea-shop", "engine": "woocommerce"})

    (event,) = client.get("/stores/tea-shop/logs").json()["results"]

    assert event["origin"] == "api"
