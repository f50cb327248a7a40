"""The list and a store's page follow the platform: over the WebSocket without asking, and without it by asking."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, expect

from stores import services
from stores.changes import Change, apply_change
from stores.choices import EventType
from stores.models import Store
from stores.status import Activity
from tests.pages.elsewhere import elsewhere
from tests.pages.eyes import Eyes
from tests.pages.test_dashboard_pages import sign_in

EVENTS = 20
HEALTH = "GET /health"
"""Asked every 15 s whatever happens: the pulse by which these tests know that nothing else was going to be asked."""


@contextmanager
def asked(page: Page) -> Iterator[list[str]]:
    """The requests that the page sends meanwhile."""
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(f"{request.method} {urlsplit(request.url).path}")

    page.on("request", note)
    yield requests
    page.remove_listener("request", note)


def twenty_events(name: str) -> None:
    """As a long step tells of its progress; the last one says that the step has failed."""
    store = Store.objects.get(name=name)
    for number in range(1, EVENTS):
        apply_change(store.pk, Activity.PROVISIONING, Change(EventType.HELM_INSTALL, f"Try {number}.", step="helm"))
    apply_change(store.pk, Activity.FAILED, Change(EventType.PROVISION_FAILED, f"Try {EVENTS} was the last."))


def wait_for_pulse(page: Page) -> None:
    """Until longer than the page's patience with a lost message (2 s) has passed, twice over."""
    for _ in range(2):
        with page.expect_response(lambda answer: urlsplit(answer.url).path == "/health"):
            pass


def test_without_websockets_the_page_says_so_and_asks(dashboard_eyes: Eyes) -> None:
    page = dashboard_eyes.page
    page.route_web_socket("**/stores/ws*", lambda socket: socket.close())
    sign_in(dashboard_eyes, status="blocked")
    expect(page.get_by_test_id("connection")).to_have_text("no live updates, asking every 5 s")
    phase = page.get_by_test_id("store-tea-shop").get_by_test_id("phase")
    expect(phase).to_have_text("Ready")

    elsewhere(lambda: services.suspend(Store.objects.get(name="tea-shop")))

    expect(phase).to_have_text("Suspended")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-status", "blocked")


def test_twenty_events_of_a_store_cost_the_list_no_request(dashboard_eyes: Eyes) -> None:
    page = sign_in(dashboard_eyes)
    phase = page.get_by_test_id("store-stand-0").get_by_test_id("phase")
    expect(phase).to_have_text("Provisioning")
    page.wait_for_load_state("networkidle")

    with asked(page) as requests:
        elsewhere(lambda: twenty_events("stand-0"))
        expect(phase).to_have_text("Failed")
        wait_for_pulse(page)

    assert set(requests) == {HEALTH}


def test_twenty_events_of_a_store_cost_its_page_one_look_at_what_may_be_done_now(dashboard_eyes: Eyes) -> None:
    page = sign_in(dashboard_eyes)
    page.get_by_role("link", name="stand-0").click()
    tries = page.get_by_test_id("event-HELM_INSTALL")
    expect(page.get_by_test_id("activity")).to_be_visible()
    page.wait_for_load_state("networkidle")
    before = tries.count()

    with asked(page) as requests:
        elsewhere(lambda: twenty_events("stand-0"))
        expect(tries).to_have_count(before + EVENTS - 1)
        expect(page.get_by_test_id("event-PROVISION_FAILED")).to_contain_text("Try 20 was the last.")
        wait_for_pulse(page)

    assert [each for each in requests if each != HEALTH] == ["GET /stores/stand-0"]
