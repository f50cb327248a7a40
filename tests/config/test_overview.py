"""The operator's first page: phases, slots, queue, what runs, failures, health; and that nothing makes it hang."""

import re
import time
from collections.abc import Mapping
from threading import Event

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from config import health
from config.health import Probes
from provisioner.operations import transitions
from provisioner.operations.models import OperationState
from stores.choices import Phase
from stores.provisioning import Check
from tenants.models import User
from tests.provisioner.factories import StoreFactory, operation

pytestmark = pytest.mark.django_db


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.fixture(autouse=True)
def healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real probes are for `tests/config/test_health.py`; here two that answer at once."""
    answers = {"database": Check(True, "Fine."), "beat": Check(False, "No sweep has run.")}
    monkeypatch.setattr(health, "PROBES", Probes({("database", "beat"): lambda: answers}))


def index(client: Client) -> str:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_stores_are_counted_by_phase_and_lead_to_their_list(root: Client) -> None:
    for phase in (Phase.READY, Phase.READY, Phase.FAILED):
        StoreFactory(phase=phase)
    StoreFactory(phase=Phase.READY, deleted_at="2026-01-01T00:00:00Z")

    page = index(root)

    address = f"{reverse('admin:stores_store_changelist')}?phase__exact=Ready"
    assert f'<a href="{address}" class="sp-count"><span class="sp-badge sp-phase-ready">Ready</span> <b>2</b>' in page
    assert '<span class="sp-badge sp-phase-suspended">Suspended</span> <b>0</b>' in page


def test_the_first_ten_of_the_queue_are_shown_in_their_order(root: Client) -> None:
    for number in range(4):
        operation(StoreFactory(name=f"at-work-{number}"), running=number < 3)
    for number in range(12):
        operation(StoreFactory(name=f"waits-{number}"), running=False)

    page = index(root)

    assert "<b>3</b> of 3 slots in use, <b>0</b> free; <b>13</b> in the queue." in page
    assert re.findall(r">(at-work-3|waits-\d+)</a>", page) == ["at-work-3", *(f"waits-{n}" for n in range(9))]
    assert "?state__exact=queued" in page


def test_one_that_waits_for_its_name_is_told_apart_from_the_queue(root: Client) -> None:
    StoreFactory(name="tea-shop", deletion_requested_at="2026-01-01T00:00:00Z")
    operation(StoreFactory(name="tea-shop"), running=False)

    assert "<b>0</b> in the queue, 1 more wait until the earlier store of their name is gone." in index(root)


def test_what_runs_is_shown_with_step_owner_and_reason(root: Client) -> None:
    running = operation(StoreFactory(name="tea-shop"))
    lease = transitions.claim(running.steps.get(position=0))

    page = index(root)

    assert 'namespace <span class="sp-badge sp-state-running">running</span>' in page
    assert lease.owner in page
    assert "Namespace is under way." in page


def test_failures_are_shown_newest_first_with_their_sentence(root: Client) -> None:
    for number in range(11):
        failed = operation(StoreFactory(name=f"broken-{number}"))
        transitions.end(failed, OperationState.FAILED, "ChartInvalid", f"Failure No. {number}.")

    page = index(root)

    assert re.findall(r"Failure No\. (\d+)\.", page) == [str(number) for number in range(10, 0, -1)]
    assert reverse("admin:provisioner_operation_change", args=[failed.pk]) in page


def test_a_part_that_hangs_costs_its_time_and_not_the_page(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    release = Event()

    def hung() -> Mapping[str, Check]:
        release.wait(60)
        return {}

    monkeypatch.setattr(health, "PROBES", Probes({("cluster",): hung}))
    started = time.monotonic()
    try:
        page = index(root)
    finally:
        release.set()

    assert "No answer within 2 seconds." in page
    assert time.monotonic() - started < 30


def test_what_fails_stands_before_what_is_well(root: Client) -> None:
    page = index(root)

    assert page.index("No sweep has run.") < page.index("Fine.")


@pytest.mark.parametrize(
    ("permissions", "stores", "work", "add"),
    [
        ((), False, False, False),
        (("view_store",), True, False, False),
        (("view_operation",), False, True, False),
        (("view_store", "add_store", "view_operation"), True, True, True),
    ],
)
def test_staff_see_what_their_permissions_say(
    permissions: tuple[str, ...], stores: bool, work: bool, add: bool
) -> None:
    user = User.objects.create(username="staff", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    StoreFactory()
    operation(StoreFactory())

    page = index(client)

    assert ('id="sp-stores"' in page, 'id="sp-queue"' in page, 'class="addlink">Add store' in page) == (
        stores,
        work,
        add,
    )
    assert "Fine." in page
