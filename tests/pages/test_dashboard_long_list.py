"""A thousand stores: the page draws those near the window only, and none is out of reach."""

from playwright.sync_api import Page, expect

from stores.choices import Phase
from stores.models import Store
from tenants.models import Tenant
from tests.pages.elsewhere import elsewhere
from tests.pages.eyes import Eyes
from tests.pages.test_dashboard_pages import sign_in

STORES = 1_000
MOST_ROWS = 120
"""Of the window's 900 px and what is drawn 1,200 px above and below it, in chunks of 20 rows of 66 px or more."""

_NAMES = """() => [...document.querySelectorAll('[data-testid^="store-"]')].map((row) => row.dataset.testid.slice(6))"""
_FILLED = """() => [0.25, 0.5, 0.75].every((part) =>
  document.elementFromPoint(innerWidth / 3, innerHeight * part)?.closest('tbody tr[role=row]'))"""
_AT_THE_END = "() => scrollY + innerHeight >= document.documentElement.scrollHeight - 1"


def make_stores() -> None:
    tenant = Tenant.objects.get(slug="northern-lights-trading-company")
    Store.objects.bulk_create(
        Store(tenant=tenant, name=f"shop-{number:04}", engine="medusa", plan="small", phase=Phase.READY)
        for number in range(STORES)
    )


def open_list(eyes: Eyes) -> tuple[Page, set[str]]:
    """The list once all of it is there, and the names that it must have."""
    elsewhere(make_stores)
    names = elsewhere(lambda: set(Store.objects.not_gone().values_list("name", flat=True)))
    page = sign_in(eyes)
    expect(page.get_by_text(f"{len(names)} of {len(names)}")).to_be_visible()
    return page, names


def test_scrolling_a_thousand_stores_shows_each_and_draws_few_at_a_time(dashboard_eyes: Eyes) -> None:
    page, names = open_list(dashboard_eyes)
    expect(page.get_by_role("table", name="Stores")).to_have_attribute("aria-rowcount", str(len(names) + 1))
    page.locator("tbody tr").first.scroll_into_view_if_needed()

    seen: set[str] = set()
    while True:
        page.evaluate("window.scrollBy(0, 800)")
        page.wait_for_function(_FILLED)
        drawn = page.evaluate(_NAMES)
        assert len(drawn) <= MOST_ROWS
        seen.update(drawn)
        if page.evaluate(_AT_THE_END):
            break

    assert names - seen == set()
    last = page.get_by_test_id(f"store-{max(names)}")
    expect(last).to_be_in_viewport()
    expect(last).to_have_attribute("aria-rowindex", str(len(names) + 1))


def test_a_search_among_a_thousand_stores_finds_the_one(dashboard_eyes: Eyes) -> None:
    page, names = open_list(dashboard_eyes)
    page.keyboard.press("End")
    expect(page.get_by_test_id(f"store-{max(names)}")).to_be_in_viewport()

    page.get_by_label("Search").fill("shop-0777")

    expect(page.get_by_text(f"1 of {len(names)}")).to_be_visible()
    expect(page.get_by_test_id("store-shop-0777")).to_be_in_viewport()
    expect(page.locator('[data-testid^="store-"]')).to_have_count(1)


def test_the_row_with_the_focus_stays_however_far_the_list_is_scrolled(dashboard_eyes: Eyes) -> None:
    page, names = open_list(dashboard_eyes)
    page.keyboard.press("j")
    first = page.get_by_test_id(f"store-{min(names)}")
    expect(first.get_by_role("link").first).to_be_focused()

    page.mouse.move(600, 600)
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.get_by_test_id(f"store-{max(names)}")).to_be_in_viewport()

    expect(first.get_by_role("link").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_test_id(f"store-{sorted(names)[1]}").get_by_role("link").first).to_be_focused()
