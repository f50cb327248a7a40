"""A person looks after tokens, members and the audit in the dashboard, in a real browser."""

import re

from playwright.sync_api import Page, expect

from tests.pages.eyes import Eyes
from tests.pages.world import PASSWORD


def sign_in(eyes: Eyes, *, status: str = "live") -> Page:
    """The page of a person who has just come in, once its connection has come to `status`."""
    page = eyes.page
    with eyes.expecting(401):
        eyes.go("/")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.fill("[name=username]", "root")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("connection")).to_have_attribute("data-status", status)
    return page


def follow(page: Page, link: str, heading: str) -> None:
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=link).click()
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_focused()


def test_a_person_makes_and_revokes_a_token_and_the_audit_tells(dashboard_eyes: Eyes) -> None:
    eyes = dashboard_eyes
    page = sign_in(eyes)
    eyes.look("dashboard-all-tenants")
    page.get_by_test_id("tenant-switcher").select_option("harbour-goods")
    expect(page.get_by_test_id("quota-harbour-goods")).to_contain_text("of 100 stores")
    expect(page.get_by_test_id("store-candles")).to_have_count(0)
    eyes.look("dashboard-one-tenant")

    follow(page, "Tokens", "Tokens")
    eyes.look("dashboard-no-tokens")
    page.get_by_test_id("new-token").click()
    expect(page.get_by_label("Name")).to_be_focused()
    eyes.look("dashboard-new-token")
    page.keyboard.type("nightly build")
    page.keyboard.press("Enter")
    secret = page.get_by_test_id("token-secret")
    expect(secret).to_have_text(re.compile(r"^spt_\w{8}_[\w-]+$"))
    eyes.look("dashboard-token-secret")
    page.get_by_test_id("token-kept").click()
    expect(secret).to_have_count(0)
    expect(page.get_by_test_id("token-nightly build")).to_contain_text("valid")
    eyes.look("dashboard-tokens")

    page.get_by_role("button", name="Revoke nightly build").click()
    eyes.look("dashboard-token-revoke")
    page.get_by_test_id("confirm").click()
    expect(page.get_by_test_id("token-nightly build")).to_have_count(0)
    page.get_by_label("Show revoked ones, too").check()
    expect(page.get_by_test_id("token-nightly build")).to_contain_text("revoked")

    follow(page, "Audit", "Audit")
    expect(page.get_by_role("table", name="Audit")).to_contain_text("token.revoke")
    eyes.look("dashboard-audit")
    page.get_by_label("Action").fill("token.create")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"action=token\.create"))
    expect(page.get_by_role("table", name="Audit").locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.get_by_label("Action")).to_have_value("token.create")
    expect(page.get_by_role("table", name="Audit").locator("tbody tr")).to_have_count(1)


def test_an_owner_takes_somebody_in_and_the_last_owner_stays(dashboard_eyes: Eyes) -> None:
    eyes = dashboard_eyes
    page = sign_in(eyes)
    follow(page, "Members", "Members")
    eyes.look("dashboard-members-of-which")
    page.get_by_role("button", name="Harbour Goods").click()
    page.get_by_label("Add somebody").fill("nobody-at-all")
    with eyes.expecting(400):
        page.get_by_test_id("add-member").click()
        expect(page.get_by_text("There is no user 'nobody-at-all'")).to_be_visible()
    page.get_by_label("Add somebody").fill("grace")
    page.get_by_test_id("add-member").click()
    expect(page.get_by_test_id("member-grace")).to_contain_text("Grace Hopper")
    eyes.look("dashboard-members")

    page.get_by_role("button", name="Leave this tenant").click()
    with eyes.expecting(409):
        page.get_by_test_id("confirm").click()
        expect(page.get_by_role("dialog")).to_contain_text("make somebody else an owner first")
    eyes.look("dashboard-last-owner")
    page.keyboard.press("Escape")

    page.get_by_role("combobox", name="Role of Grace Hopper").click()
    page.get_by_role("option", name="owner", exact=True).click()
    expect(page.get_by_role("combobox", name="Role of Grace Hopper")).to_have_value("owner")
    page.get_by_role("button", name="Leave this tenant").click()
    page.get_by_test_id("confirm").click()
    expect(page.get_by_role("heading", level=1, name="Stores")).to_be_visible()
    follow(page, "Members", "Members of Harbour Goods")
    expect(page.get_by_test_id("member-grace")).to_be_visible()
    expect(page.get_by_test_id("member-root")).to_have_count(0)
