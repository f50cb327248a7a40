"""A person who buys something in a shop, in a real browser."""

import os
import shutil
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.ingress import INGRESS

ADDRESS = {
    "email": "",
    "first_name": "Grace",
    "last_name": "Hopper",
    "address_1": "Main Street 1",
    "postal_code": "1051",
    "city": "Copenhagen",
}
PATIENCE_MS = 60_000
# Nothing that the browser would ask of the world outside; what it is told about the sandbox of its own processes is
# what Debian's Chromium needs as root.
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]


def chromium_program() -> str:
    """The browser that `./storeplane test` found, or one that is installed."""
    program = os.environ.get("STOREPLANE_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "There is no browser; name one by STOREPLANE_CHROMIUM or install Debian's package chromium."
    return program


def buy_in_browser(shop: str, *, email: str) -> int:
    """From the shop's first page to the confirmed order; the order's number as the page shows it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=[*FLAGS, *resolver()])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.goto(shop)
        fill_the_cart(page)
        check_out(page, email)
        number = int(page.get_by_test_id("order-number").inner_text())
        browser.close()
    return number


def fill_the_cart(page: Page) -> None:
    """From the list of products to the checkout, with one thing."""
    page.get_by_test_id("product-card").first.get_by_role("link").first.click()
    page.get_by_test_id("add-to-cart").click()
    expect(page.get_by_test_id("cart-count")).to_have_text("1")
    page.get_by_test_id("cart-link").click()
    page.get_by_test_id("go-to-checkout").click()


def check_out(page: Page, email: str) -> None:
    """From the checkout to the confirmed order."""
    for field, value in {**ADDRESS, "email": email}.items():
        page.locator(f"#field-{field}").fill(value)
    page.locator("#field-country_code").select_option(index=1)
    page.get_by_test_id("continue").click()
    page.get_by_test_id("shipping-option").first.click()
    page.get_by_test_id("continue").click()
    page.get_by_test_id("place-order").click()
    expect(page.get_by_test_id("order-confirmed")).to_be_visible()


def resolver() -> list[str]:
    """Where names don't lead to the stores, the browser is told what does. The platform keeps its own address."""
    if INGRESS.everywhere is None:
        return []
    own = {"127.0.0.1", "localhost", urlsplit(os.environ["STOREPLANE_E2E_URL"]).hostname or ""}
    return [f"--host-resolver-rules=MAP * {INGRESS.everywhere}{''.join(f', EXCLUDE {name}' for name in sorted(own))}"]
