"""A person gives a program a token, and a colleague a role, in a real browser; and reads the reference."""

import re

from playwright.sync_api import expect

from tests.pages.eyes import Eyes
from tests.pages.test_browsable_pages import log_in

TENANT = "harbour-goods"
FOREIGN = "northern-lights-trading-company"
"""A superuser sees it and isn't in it."""


def test_a_person_makes_a_token_sees_it_once_and_revokes_it(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.go("/tokens")
    form = page.get_by_role("region", name="POST")
    form.locator("input[name=name]").fill("nightly build")
    form.locator("select[name=role]").select_option("viewer")
    form.locator("input[name=tenant]").fill(TENANT)
    form.get_by_role("button", name="POST").click()
    answer = page.locator(".response-info")
    expect(answer).to_contain_text("HTTP 201")
    secret = re.search(r'"token": "(spt_\w{8}_[\w-]+)"', answer.inner_text())
    assert secret is not None
    eyes.look("api-token-made")

    eyes.go("/tokens?revoked=false")
    expect(answer).to_contain_text("nightly build")
    assert secret.group(1) not in page.content()
    eyes.look("api-tokens")

    number = re.search(r'"id": (\d+)', answer.inner_text())
    assert number is not None
    eyes.go(f"/tokens/{number.group(1)}")
    page.get_by_role("button", name="DELETE").click()
    page.locator("#deleteModal").get_by_role("button", name="Delete").click()
    expect(answer).to_contain_text("HTTP 204")


def test_a_person_takes_somebody_into_a_tenant(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.go(f"/tenants/{FOREIGN}")
    expect(page.locator(".response-info")).to_contain_text('"stores_allowed"')
    eyes.look("api-tenant")
    page.locator(".response-info a[href$='/members']").click()
    form = page.get_by_role("region", name="POST")
    form.locator("input[name=user]").fill("nobody-at-all")
    with eyes.expecting(400):
        form.get_by_role("button", name="POST").click()
        expect(form.locator(".has-error")).to_contain_text("There is no user 'nobody-at-all'")
    form.locator("input[name=user]").fill("root")
    form.locator("select[name=role]").select_option("viewer")
    form.get_by_role("button", name="POST").click()
    expect(page.locator(".response-info")).to_contain_text("HTTP 201")
    eyes.look("api-members")


def test_an_operator_makes_and_revokes_a_token(eyes: Eyes) -> None:
    page = log_in(eyes)
    eyes.go("/admin/tenants/apitoken/add/")
    page.fill("#id_name", "deploys")
    for field, text in (("tenant", TENANT), ("user", "root")):
        page.locator(f"#id_{field} + .select2").click()
        page.locator(".select2-results__option", has_text=text).first.click()
    eyes.look("admin-token-form")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("Copy the token now, it is shown this once: spt_")
    eyes.look("admin-tokens")
    page.locator("tr", has_text="deploys").locator("input.action-select").check()
    page.select_option("select[name=action]", "revoke_selected")
    page.locator("button[name=index]").click()
    expect(page.locator(".messagelist")).to_contain_text("Revoked: 1 of the selected tokens.")
