"""A person goes through the browsable API in a real browser: lists, filters, forms, links, buttons, logging out."""

import re

from playwright.sync_api import Page, expect

from tests.pages.eyes import Eyes
from tests.pages.world import PASSWORD


def log_in(eyes: Eyes) -> Page:
    page = eyes.page
    with eyes.expecting(401):
        eyes.go("/stores")
    eyes.look("api-anonymous")
    page.get_by_role("link", name="Log in").click()
    eyes.look("api-login")
    page.fill("#id_username", "root")
    page.fill("#id_password", PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Store List")).to_be_visible()
    return page


def shown(page: Page) -> str:
    return page.locator(".response-info").inner_text()


def test_a_person_filters_sorts_and_pages_through_the_stores(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.look("api-stores")
    page.get_by_role("button", name="Filters").click()
    expect(page.locator("#filtersModal")).to_be_visible()
    eyes.look("api-filters")
    page.select_option("#filtersModal select[name=phase]", "Failed")
    page.locator("#filtersModal").get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile("phase=Failed"))
    assert shown(page).count('"href"') == 1
    assert "morning-mugs" in shown(page)

    page.get_by_role("button", name="Filters").click()
    page.locator("#filtersModal").get_by_role("link", name="created at - ascending").click()
    expect(page).to_have_url(re.compile("ordering=created_at.*phase=Failed"))

    eyes.go("/stores?page_size=10")
    first = shown(page)
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile("cursor="))
    assert shown(page) != first
    page.get_by_role("link", name="Previous page").click()
    page.wait_for_load_state()
    assert '"booth-0"' in shown(page)


def test_a_person_makes_a_store_and_follows_its_links(eyes: Eyes) -> None:
    page = log_in(eyes)
    form = page.get_by_role("region", name="POST")
    form.locator("input[name=name]").fill("Bad_Name")
    form.locator("input[name=display_name]").fill("Kept as it was typed")
    with eyes.expecting(400):
        form.get_by_role("button", name="POST").click()
        expect(page.locator(".response-info")).to_contain_text("HTTP 400")
    eyes.look("api-refused")
    expect(form.locator(".has-error")).to_contain_text("is not a DNS label")
    expect(form.locator("input[name=display_name]")).to_have_value("Kept as it was typed")
    form.locator("input[name=name]").fill("paper-lanterns")
    form.locator("input[name=tenant]").fill("harbour-goods")
    form.get_by_role("button", name="POST").click()
    expect(page.locator(".response-info")).to_contain_text("HTTP 201")
    eyes.look("api-created")

    page.locator(".response-info a[href$='/stores/paper-lanterns']").first.click()
    expect(page.get_by_role("heading", name="Store Detail")).to_be_visible()
    eyes.look("api-store")
    page.locator(".response-info a[href$='/logs']").click()
    expect(page.locator(".response-info")).to_contain_text("STORE_REQUESTED")
    eyes.look("api-logs")


def test_a_person_changes_suspends_resumes_and_deletes_a_store(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.go("/stores/tea-shop")
    expect(page.get_by_role("button", name="Retry")).to_be_disabled()
    form = page.get_by_role("region", name="PATCH")
    expect(form.locator("input[name=display_name]")).to_have_value("Tea-Shop")
    form.locator("input[name=display_name]").fill("The Tea Shop")
    form.get_by_label("Suspended").check()
    form.get_by_role("button", name="PATCH").click()
    expect(page.locator(".response-info")).to_contain_text('"phase": "Suspended"')
    expect(page.locator(".response-info")).to_contain_text('"display_name": "The Tea Shop"')
    eyes.look("api-suspended")
    form.get_by_label("Suspended").uncheck()
    form.get_by_role("button", name="PATCH").click()
    expect(page.locator(".response-info")).to_contain_text('"suspended": false')

    page.get_by_role("button", name="Reconcile now").click()
    expect(page.locator(".response-info")).to_contain_text("HTTP 202")
    eyes.look("api-reconciled")

    eyes.go("/stores/tea-shop")
    page.get_by_role("button", name="DELETE").click()
    expect(page.locator("#deleteModal")).to_be_visible()
    eyes.look("api-delete")
    page.locator("#deleteModal").get_by_role("button", name="Delete").click()
    expect(page.locator(".response-info")).to_contain_text('"kind": "teardown"')


def test_other_pages_open_and_a_person_logs_out(eyes: Eyes) -> None:
    page = log_in(eyes)
    for path in ("tenants", "audit", "plans", "engines", "me"):
        eyes.go(f"/{path}")
        expect(page.locator(".response-info")).to_contain_text("HTTP 200")
        eyes.look(f"api-{path}")
    with eyes.expecting(401):
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("link", name="Log in")).to_be_visible()
