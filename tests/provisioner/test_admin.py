"""The operator's pages about operations: why each is where it is, and nothing to change by hand."""

import pytest
from django.test import Client
from django.urls import reverse

from provisioner.operations import transitions
from provisioner.operations.models import Operation
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

    assert "Operations: 1 of 3 slots in use, 1 in the queue, the oldest for 0 s" in page
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
