"""The operator's pages about operations: why each is where it is, and nothing to change by hand."""

import pytest
from django.test import Client
from django.urls import reverse

from provisioner.operations import transitions
from provisioner.operations.models import Operation, OperationKind
from tenants.models import User
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db

LIST = "admin:provisioner_operation_changelist"


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def failing() -> Operation:
    """A running operation whose first step has failed once."""
    running = operation(StoreFactory(name="tea-shop"))
    lease = transitions.claim(running.steps.get(position=0))
    transitions.try_again(lease, "Unavailable", "The cluster is out of reach.", delay=30)
    return running


def test_the_list_tells_slots_queue_and_the_reason_for_each(root: Client) -> None:
    failing()
    operation(StoreFactory(), running=False)

    page = root.get(reverse(LIST)).content.decode()

    assert "Operations: 1 of 3 slots in use, 1 in the queue, the oldest for " in page
    assert "It waits for one of the 3 slots; its place in the queue is 1." in page
    assert "Namespace failed 1 time(s) and is tried again in" in page
    assert "namespace (waiting, attempt 2)" in page


def test_the_list_costs_the_same_for_many_that_wait(root: Client, django_assert_max_num_queries: object) -> None:
    for _ in range(20):
        operation(StoreFactory(), running=False)

    with django_assert_max_num_queries(20):  # type: ignore[operator]
        page = root.get(reverse(LIST)).content.decode()

    assert "its place in the queue is 20." in page


def test_an_operation_shows_its_steps_with_owner_and_error(root: Client) -> None:
    running = failing()

    page = root.get(reverse("admin:provisioner_operation_change", args=[running.pk])).content.decode()

    for text in ("The cluster is out of reach.", "Unavailable", "storefront", "tea-shop"):
        assert text in page, text
    assert 'name="_save"' not in page


def test_nothing_is_changed_by_hand(root: Client) -> None:
    running = failing()
    change = reverse("admin:provisioner_operation_change", args=[running.pk])

    assert root.post(change, {"state": "succeeded"}).status_code == 403
    assert root.get(reverse("admin:provisioner_operation_add")).status_code == 403
    assert (
        root.post(reverse("admin:provisioner_operation_delete", args=[running.pk]), {"post": "yes"}).status_code == 403
    )
    running.refresh_from_db()
    assert running.state == "running"


def test_a_failed_step_is_told_by_the_attempt_that_failed(root: Client) -> None:
    running = operation(StoreFactory())
    transitions.fail(transitions.claim(running.steps.get(position=0)), "ChartInvalid", "The chart is broken.")

    assert "namespace (failed, attempt 1)" in root.get(reverse(LIST)).content.decode()


def test_a_request_leads_to_its_audit_entries_and_events(root: Client) -> None:
    store = StoreFactory()
    transitions.create(store, OperationKind.PROVISION, ["namespace"], "req-1")
    pages = (reverse(LIST), reverse("admin:stores_store_change", args=[store.pk]))

    for page in (root.get(page).content.decode() for page in pages):
        for target in ("tenants_auditentry", "stores_storeevent"):
            address = f"{reverse(f'admin:{target}_changelist')}?request_id__exact=req-1"
            assert f'href="{address}"' in page
            assert root.get(address).status_code == 200


def test_operations_are_narrowed_by_tenant_engine_kind_and_state(root: Client) -> None:
    running, queued = operation(StoreFactory(engine="medusa")), operation(StoreFactory(), running=False)
    expected = {
        "state__exact=queued": {queued},
        "kind__exact=provision": {running, queued},
        f"tenant={running.store.tenant.slug}": {running},
        f"store__id__exact={queued.store_id}": {queued},
        "store__engine__exact=woocommerce": set(),
        f"q={running.pk}": {running},
    }
    for query, found in expected.items():
        assert set(root.get(f"{reverse(LIST)}?{query}").context["cl"].result_list) == found, query
