"""The list and a store's page follow the platform: over the WebSocket without asking, and without it by asking."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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


LIVE = Path(__file__).resolve().parents[2] / "frontend/dashboard/src/live/LiveContext.tsx"
(LOST_AFTER_MS,) = re.findall(r"^const patience = (\d+);$", LIVE.read_text(), re.MULTILINE)
"""So long the page waits for a store's new shape before it asks for it."""

HELD = f"""(() => {{
  const {{ setTimeout: set, clearTimeout: clear }} = window, held = new Set()
  window.setTimeout = (run, delay, ...rest) => {{
    if (delay !== {LOST_AFTER_MS}) return set(run, delay, ...rest)
    const id = set(() => {{}}, 2 ** 31 - 1)
    held.add(id)
    return id
  }}
  window.clearTimeout = id => {{ held.delete(id); clear(id) }}
  window.isPatient = () => held.size > 0
}})()"""
"""The page's patience is endless: on a busy machine two seconds may be over before a message has come."""


def hold_patience(page: Page) -> None:
    """From the next page on."""
    page.add_init_script(HELD)


def wait_for_messages(page: Page) -> None:
    """Until the page waits for no store's shape any more, so that its patience would have been long enough."""
    page.wait_for_function("() => !window.isPatient()")


def wait_for_pulse(page: Page) -> None:
    """Until everything else has been asked that a page asks when it opens or hears of something."""
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
    hold_patience(dashboard_eyes.page)
    page = sign_in(dashboard_eyes)
    phase = page.get_by_test_id("store-stand-0").get_by_test_id("phase")
    expect(phase).to_have_text("Provisioning")
    wait_for_pulse(page)

    with asked(page) as requests:
        elsewhere(lambda: twenty_events("stand-0"))
        expect(phase).to_have_text("Failed")
        wait_for_messages(page)
        wait_for_pulse(page)

    assert set(requests) == {HEALTH}


def test_twenty_events_of_a_store_cost_its_page_one_look_at_what_may_be_done_now(dashboard_eyes: Eyes) -> None:
    hold_patience(dashboard_eyes.page)
    page = sign_in(dashboard_eyes)
    with page.expect_response(lambda answer: urlsplit(answer.url).path == "/stores/stand-0"):
        page.get_by_role("link", name="stand-0").click()
    expect(page.get_by_test_id("event-STORE_REQUESTED")).to_be_visible()
    wait_for_pulse(page)
    tries = page.get_by_test_id("event-HELM_INSTALL")
    before = tries.count()

    with asked(page) as requests:
        with page.expect_response(lambda answer: urlsplit(answer.url).path == "/stores/stand-0"):
            elsewhere(lambda: twenty_events("stand-0"))
        expect(tries).to_have_count(before + EVENTS - 1)
        expect(page.get_by_test_id("event-PROVISION_FAILED")).to_contain_text("Try 20 was the last.")
        wait_for_messages(page)
        wait_for_pulse(page)

    assert [each for each in requests if each != HEALTH] == ["GET /stores/stand-0"]
