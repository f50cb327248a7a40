"""The operator's lists: what they show by default, how they are narrowed, and what they cost."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from provisioner.operations.models import Operation
from stores.admin.marks import age
from stores.choices import EventType, Phase
from stores.models import Store, StoreEvent
from tenants.models import Tenant, User
from tests.provisioner.factories import StoreFactory, operation

STORES = "admin:stores_store_changelist"
EVENTS = "admin:stores_storeevent_changelist"


@pytest.fixture
def root(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def names(client: Client, query: str = "") -> set[str]:
    answer = client.get(f"{reverse(STORES)}?{query}")
    assert answer.status_code == 200, query
    return {store.name for store in answer.context["cl"].result_list}


def fill(count: int) -> None:
    """Stores with an operation each, a third of them in the queue, and events."""
    tenants = [Tenant.objects.create(slug=f"t{number}", name="T") for number in range(3)]
    for number in range(count):
        store = StoreFactory(tenant=tenants[number % 3], phase=list(Phase)[number % len(Phase)])
        operation(store, running=number % 3 > 0)
        StoreEvent.objects.create(
            store=store, tenant=store.tenant, type=EventType.STORE_READY, phase=store.phase, timestamp=timezone.now()
        )


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=-3), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=47), "1 d"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(span: timedelta, shown: str) -> None:
    assert age(span) == shown


def test_every_phase_has_its_own_colour_in_the_stylesheet() -> None:
    css = Path(str(finders.find("config/admin.css"))).read_text()
    colours = dict(re.findall(r"\.sp-phase-([a-z]+)[^{\n]*\{ background: (#[0-9a-f]{6}); \}", css))

    assert {phase.lower(): Phase(phase).color for phase in Phase.values}.items() <= colours.items()


def test_the_living_are_shown_unless_others_are_asked_for(root: Client) -> None:
    StoreFactory(name="alive")
    StoreFactory(name="buried", deleted_at=timezone.now(), deletion_requested_at=timezone.now())

    assert names(root) == {"alive"}
    assert names(root, "life=gone") == {"buried"}
    assert names(root, "life=all") == {"alive", "buried"}


def test_filters_and_search_narrow_the_list(root: Client) -> None:
    house = Tenant.objects.create(slug="house", name="House")
    StoreFactory(name="tea", tenant=house, phase=Phase.READY, plan="large", display_name="Fine Leaves")
    StoreFactory(name="mugs", tenant=house, phase=Phase.FAILED, engine="woocommerce", drift_policy="warn")
    StoreFactory(name="hats", suspended=True)

    assert names(root, "tenant=house") == {"tea", "mugs"}
    assert names(root, "tenant=house&phase__exact=Failed") == {"mugs"}
    assert names(root, "tenant=nobody") == set()
    assert names(root, "engine__exact=woocommerce") == {"mugs"}
    assert names(root, "plan__exact=large") == {"tea"}
    assert names(root, "drift_policy__exact=warn") == {"mugs"}
    assert names(root, "suspended__exact=1") == {"hats"}
    assert names(root, "q=leaves") == {"tea"}
    assert names(root, "q=house") == {"tea", "mugs"}


def test_the_typed_filter_takes_the_others_along(root: Client) -> None:
    page = root.get(f"{reverse(STORES)}?phase__exact=Failed&life=all&q=x").content.decode()

    form = page[page.index('class="sp-typed"') :]
    form = form[: form.index("</form>")]
    for name, value in (("phase__exact", "Failed"), ("life", "all"), ("q", "x")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in form


@pytest.mark.parametrize("page", [STORES, EVENTS, "admin:provisioner_operation_changelist", "admin:index"])
def test_a_page_costs_the_same_for_10_stores_and_for_300(root: Client, page: str) -> None:
    costs = []
    for count in (10, 300):
        Operation.objects.all().delete()
        Store.objects.all().delete()
        Tenant.objects.all().delete()
        fill(count)
        root.get(reverse(page))  # what is asked for only once in a process
        with CaptureQueriesContext(connection) as queries:
            assert root.get(reverse(page)).status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1] <= 20


def test_the_list_tells_what_each_store_waits_for(root: Client) -> None:
    operation(StoreFactory(), running=False)
    page = root.get(reverse(STORES)).content.decode()

    assert "It waits for one of the 3 slots; its place in the queue is 1." in page


def test_the_page_of_a_store_shows_its_newest_rows_and_links_to_all(root: Client) -> None:
    store, other = StoreFactory(), StoreFactory()
    for number in range(25):
        for each in (store, other):
            StoreEvent.objects.create(
                store=each,
                tenant=each.tenant,
                type=EventType.STEP_RETRY,
                message=f"said {number} of {each.name}.",
                phase=each.phase,
                timestamp=timezone.now(),
            )
    page = root.get(reverse("admin:stores_store_change", args=[store.pk])).content.decode()

    assert page.count(f" of {store.name}.") == 20
    assert f"said 24 of {store.name}." in page
    assert f"said 4 of {store.name}." not in page
    assert f" of {other.name}." not in page
    assert f'href="{reverse(EVENTS)}?store__id__exact={store.pk}"' in page

    events = root.get(f"{reverse(EVENTS)}?store__id__exact={store.pk}")
    assert f"Events of {store.name}" in events.content.decode()
    assert events.context["cl"].result_count == 25


def test_events_are_found_by_type_phase_store_and_request_and_never_changed(root: Client) -> None:
    store = StoreFactory(name="tea-shop")
    event = StoreEvent.objects.create(
        store=store,
        tenant=store.tenant,
        type=EventType.STORE_READY,
        phase=Phase.READY,
        request_id="req-1",
        timestamp=timezone.now(),
    )
    asked = {
        "type__exact=STORE_READY": 1,
        "type__exact=SUSPENDED": 0,
        "phase__exact=Ready": 1,
        "phase__exact=Failed": 0,
    }
    searched = {"q=tea-s": 1, "q=req-1": 1, "q=req": 0, "request_id__exact=req-1": 1, f"tenant={store.tenant.slug}": 1}
    for query, count in {**asked, **searched}.items():
        assert root.get(f"{reverse(EVENTS)}?{query}").context["cl"].result_count == count, query

    page = reverse("admin:stores_storeevent_change", args=[event.pk])
    assert root.get(page).status_code == 200
    assert root.post(page, {"message": "Forged."}).status_code == 403
    assert root.get(reverse("admin:stores_storeevent_add")).status_code == 403
    assert root.post(reverse("admin:stores_storeevent_delete", args=[event.pk]), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("asked", ["x", "-1", "²", "9" * 40, ""])
def test_a_made_up_store_in_the_address_is_no_error_of_the_server(root: Client, asked: str) -> None:
    assert root.get(f"{reverse(EVENTS)}?store__id__exact={asked}").status_code in (200, 302)
