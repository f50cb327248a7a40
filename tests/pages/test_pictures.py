"""Every page of the dashboard in both colour schemes, wide and narrow: judged by axe, and kept as pictures for people.

The pictures are in `.build/pictures` after a run, or where STOREPLANE_PICTURES says.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from tests.pages.eyes import SCHEMES, WIDTHS, Eyes
from tests.pages.test_dashboard_pages import sign_in

AXE = settings.ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"


def _heading(name: str) -> Callable[[Page], None]:
    return lambda page: expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "stores": ("/", lambda page: expect(page.get_by_test_id("store-candles")).to_be_visible()),
    "no-such-search": (
        "/?search=nothing",
        lambda page: expect(page.get_by_text("No store is")).to_be_visible(),
    ),
    "new-store": ("/ui/new", lambda page: expect(page.get_by_text("coming soon")).to_be_visible()),
    "ready": ("/ui/stores/tea-shop", lambda page: expect(page.get_by_test_id("open-shop")).to_be_visible()),
    "drifted": ("/ui/stores/candles", lambda page: expect(page.get_by_test_id("findings")).to_be_visible()),
    "failed": ("/ui/stores/morning-mugs", lambda page: expect(page.get_by_role("alert").first).to_be_visible()),
    "provisioning": ("/ui/stores/stand-0", lambda page: expect(page.get_by_test_id("step-helm")).to_be_visible()),
    "waiting": ("/ui/stores/stand-7", lambda page: expect(page.get_by_test_id("store-message")).to_be_visible()),
    "suspended": ("/ui/stores/field-notebooks", _heading("Field-Notebooks")),
    "deleting": ("/ui/stores/slow-teapots", _heading("Slow-Teapots")),
    "coming-soon": ("/ui/stores/woollen-throws", _heading("woollen-throws")),
    "not-found": ("/ui/stores/never-was", _heading("")),
    "tokens": ("/ui/tokens", _heading("Tokens")),
    "members": ("/ui/members", _heading("Members")),
    "audit": ("/ui/audit", _heading("Audit")),
}


@pytest.fixture
def everywhere(dashboard_eyes: Eyes) -> Eyes:
    """Eyes that look thoroughly, whatever the environment says."""
    dashboard_eyes.thorough = True
    return dashboard_eyes


def test_every_page_is_fit_for_everybody_and_has_its_pictures(everywhere: Eyes) -> None:
    wrong = _judged(everywhere, "sign-in", lambda: everywhere.go("/"), 401)
    page = sign_in(everywhere)
    for name, (path, is_there) in PAGES.items():

        def show(path: str = path, is_there: Callable[[Page], None] = is_there) -> None:
            everywhere.go(path)
            is_there(page)

        wrong += _judged(everywhere, name, show, 404 if name == "not-found" else 200)
    # Leaving a page ends what it was asking for.
    everywhere.trouble = [each for each in everywhere.trouble if not each.endswith("net::ERR_ABORTED")]
    assert wrong == []


def _judged(eyes: Eyes, name: str, show: Callable[[], None], status: int) -> list[str]:
    """Violations on one page, once for each scheme and width."""
    found: list[str] = []
    with eyes.expecting(status):
        show()
    eyes.page.evaluate(AXE.read_text())
    for width in WIDTHS:
        for scheme in SCHEMES:
            eyes.page.set_viewport_size({"width": width, "height": 900})
            eyes.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{name}, {width} px, {scheme}: {each}" for each in _violations(eyes.page)]
    eyes.look(f"dashboard-{name}")
    return found


def _violations(page: Page) -> list[str]:
    result: dict[str, Any] = page.evaluate(_RULES)
    return [f"{each['id']} at {each['nodes'][0]['target']}" for each in result["violations"]]
