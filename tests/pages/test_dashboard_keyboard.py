"""A store is made and deleted by keyboard alone, and the focus is always where a person expects it."""

import re

from playwright.sync_api import expect

from tests.pages.eyes import Eyes
from tests.pages.keyboard import tab_to
from tests.pages.world import PASSWORD

NAME = "by-hand"


def test_a_store_is_made_and_deleted_by_keyboard_alone(dashboard_eyes: Eyes) -> None:
    page = dashboard_eyes.page
    with dashboard_eyes.expecting(401):
        dashboard_eyes.go("/")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    tab_to(page, page.get_by_label("Username"))
    page.keyboard.type("root")
    tab_to(page, page.get_by_role("textbox", name=re.compile("^Password")))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("store-candles")).to_be_visible()

    tab_to(page, page.get_by_test_id("new-store"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="New store")).to_be_focused()
    tab_to(page, page.get_by_role("textbox", name=re.compile("^Name")))
    page.keyboard.type(NAME)
    tenant = page.get_by_role("form", name="New store").get_by_role("combobox", name="Tenant")
    tab_to(page, tenant)
    for key in ("ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(tenant).to_have_value("Harbour Goods")
    tab_to(page, page.get_by_test_id("create-store"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_focused()

    delete = page.get_by_test_id("delete-store")
    tab_to(page, delete)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("confirm-name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(delete).to_be_focused()

    page.keyboard.press("Enter")
    expect(page.get_by_test_id("confirm-name")).to_be_focused()
    page.keyboard.type(NAME)
    tab_to(page, page.get_by_test_id("confirm-delete"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_test_id("phase")).to_have_text("Deleting")
    expect(delete).to_be_disabled()
    expect(page.get_by_role("heading", level=1, name=NAME)).to_be_focused()
    # A look at the store that a newer one overtook was given up.
    dashboard_eyes.trouble = [each for each in dashboard_eyes.trouble if not each.endswith("net::ERR_ABORTED")]


def test_the_help_and_the_menus_give_the_focus_back(dashboard_eyes: Eyes) -> None:
    page = dashboard_eyes.page
    with dashboard_eyes.expecting(401):
        dashboard_eyes.go("/ui/stores/tea-shop")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    tab_to(page, page.get_by_label("Username"))
    page.keyboard.type("root")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Tea-Shop")).to_be_visible()

    skip = page.get_by_role("link", name="Skip to the content")
    user = page.get_by_role("button", name="root")
    tab_to(page, user, back=True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    expect(user).to_be_focused()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(user).to_be_focused()

    tab_to(page, skip, back=True)
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="All stores")).to_be_focused()
