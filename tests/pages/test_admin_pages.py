"""An operator goes through the admin in a real browser: index, lists, a store, actions, removal, audit, operations."""

import re

from playwright.sync_api import Page, expect

from tests.pages.eyes import Eyes
from tests.pages.world import PASSWORD


def log_in(eyes: Eyes) -> Page:
    page = eyes.page
    eyes.go("/admin/")
    eyes.look("admin-login")
    page.fill("#id_username", "root")
    page.fill("#id_password", PASSWORD)
    page.click("input[type=submit]")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def test_an_operator_finds_a_store_from_the_overview_and_acts_on_it(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.look("admin-index")
    expect(page.locator("#content")).to_contain_text("3 of 3 slots in use, 0 free; 13 in the queue")
    expect(page.get_by_role("region", name="Queue").locator("tbody tr")).to_have_count(10)
    expect(page.get_by_role("region", name="Running now").locator("tbody tr")).to_have_count(4)

    page.locator(".sp-count", has_text="Failed").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    eyes.look("admin-stores-failed")
    page.get_by_role("link", name="morning-mugs", exact=True).click()
    expect(page.get_by_role("button", name="Resume")).to_be_disabled()
    expect(page.locator("#why-resume")).to_have_text("The store 'morning-mugs' isn't suspended.")
    eyes.look("admin-store-failed")

    page.get_by_role("button", name="Retry").click()
    expect(page.locator(".messagelist")).to_contain_text("Retry: asked for.")
    expect(page.locator(".sp-head")).to_contain_text("Pending")
    eyes.look("admin-store-retried")


def test_a_store_is_deleted_once_its_name_is_typed_and_the_audit_tells(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.go("/admin/stores/store/?q=tea-shop")
    page.get_by_role("link", name="tea-shop", exact=True).click()
    eyes.look("admin-store-ready")
    page.get_by_role("button", name="Delete…").click()
    eyes.look("admin-store-remove")
    page.fill("#id_name", "teashop")
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator(".errorlist")).to_contain_text("That isn't its name; type tea-shop.")
    eyes.look("admin-store-remove-refused")
    page.fill("#id_name", "tea-shop")
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator(".messagelist")).to_contain_text("Delete: asked for.")
    expect(page.locator(".sp-head")).to_contain_text("Deleting")
    eyes.look("admin-store-deleting")

    page.locator(".sp-more").get_by_role("link", name="Audit entries").click()
    expect(page.locator("#result_list tbody tr").first).to_contain_text("store.delete")
    eyes.look("admin-audit")


def test_the_lists_can_be_narrowed_and_lead_on(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.go("/admin/stores/store/")
    expect(page.locator("#result_list tbody tr")).to_have_count(23)
    eyes.look("admin-stores")
    page.locator("input[name=tenant]").fill("harbour-goods")
    page.locator(".sp-typed").get_by_role("button", name="Go").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(13)
    page.get_by_role("link", name="Gone", exact=True).click()
    expect(page).to_have_url(re.compile("life=gone&tenant=harbour-goods|tenant=harbour-goods&life=gone"))
    expect(page.locator("#result_list tbody tr")).to_have_count(0)
    page.get_by_role("link", name="Any tenant").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)

    eyes.go("/admin/stores/storeevent/")
    eyes.look("admin-events")
    eyes.go("/admin/provisioner/operation/")
    eyes.look("admin-operations")
    page.locator("#result_list").get_by_role("link", name="audit").first.click()
    eyes.go("/admin/provisioner/operation/?state__exact=failed")
    page.locator("#result_list tbody tr th a").click()
    eyes.look("admin-operation")
    page.get_by_role("link", name="events", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("Provisioning failed")


def test_a_store_is_added_and_changed_with_refusals_at_their_fields(eyes: Eyes) -> None:
    page = log_in(eyes)
    page.get_by_role("link", name="Add store").click()
    eyes.look("admin-store-add")
    page.fill("#id_tenant", "northern-lights-trading-company")
    for name, said in (("Bad_Name", "lower-case letters"), ("tea-shop", "is taken")):
        page.fill("#id_name", name)
        page.get_by_role("button", name="Add store").click()
        expect(page.locator(".field-name .errorlist")).to_contain_text(said)
    eyes.look("admin-store-add-refused")
    page.fill("#id_name", "new-shop")
    page.get_by_role("button", name="Add store").click()
    expect(page.locator(".messagelist")).to_contain_text("The store 'new-shop' was asked for.")

    page.get_by_role("link", name="Change…").click()
    eyes.look("admin-store-edit")
    page.select_option("#id_plan", "medium")
    page.check("#id_deletion_protection")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".messagelist")).to_contain_text("Changed: plan, deletion protection.")
    expect(page.get_by_role("button", name="Delete…")).to_be_disabled()
