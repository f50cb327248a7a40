"""From signing in to the deletion of a store, by the dashboard alone, while its server is killed."""

import os
import secrets
import signal
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.browser import check_out, fill_the_cart
from tests.e2e.dashboard import Dashboard, opened
from tests.e2e.front_door import FrontDoor, Json, kubectl, launcher, reach, until, wait_until_served
from tests.journey import admin_token

STEPS = ["step-namespace", "step-helm", "step-db", "step-backend", "step-storefront"]


@pytest.fixture
def name() -> Iterator[str]:
    """Of a store that is gone at the end, whatever became of it."""
    made = f"e2e-{secrets.token_hex(3)}"
    yield made
    kubectl("delete", "store", made, "--ignore-not-found", "--timeout=300s")


@pytest.mark.usefixtures("needs_launcher", "known_ingress")
def test_a_person_makes_a_shop_orders_sees_it_healed_and_removes_it(door: FrontDoor, name: str) -> None:
    with opened(door.url) as dashboard:
        dashboard.sign_in()
        dashboard.make(name)
        dashboard.event("HELM_INSTALL")
        kill_the_server()
        dashboard.event("STORE_READY")
        assert in_order_of_their_success(dashboard) == STEPS
        until(lambda: dashboard.recorded("connection")[-1][1] == "live", "the page to be live again")
        assert ["connection", "reconnecting"] in dashboard.recorded("connection")

        login = dashboard.credentials()
        wait_until_served(login["backend_url"])
        number = order(dashboard)
        assert number in {each["display_id"] for each in orders(login)}

        kubectl("set", "image", "deployment/storefront", "storefront=storeplane/other:1", "-n", f"store-{name}")
        dashboard.event("SELF_HEALED")
        told = dashboard.healed()
        assert "Deployment storefront was changed" in told
        assert "storeplane/other:1" in told

        until(lambda: dashboard.lines() == dashboard.log(name), "the page to show what the log has")
        assert len(dashboard.lines()) > len(STEPS)

        dashboard.delete(name)
        dashboard.page.get_by_role("link", name="All stores").click()
        assert dashboard.page.get_by_role("link", name=name).count() == 0
        # Had the page been loaded again, this would be gone.
        assert dashboard.recorded("step-namespace")


def kill_the_server() -> None:
    """As the kernel would for want of memory; the launcher starts it again."""
    os.kill(_pid(), signal.SIGKILL)


def _pid() -> int:
    return int(next(each["pid"] for each in launcher("status")["processes"] if each["name"] == "web"))


def in_order_of_their_success(dashboard: Dashboard) -> list[str]:
    """The steps as the page showed them done, each at its first time."""
    until(
        lambda: {step for step, state in dashboard.recorded("step-") if state == "succeeded"} == set(STEPS),
        "all steps to be done",
    )
    done = [step for step, state in dashboard.recorded("step-") if state == "succeeded"]
    return list(dict.fromkeys(done))


def order(dashboard: Dashboard) -> int:
    """Buy something in the shop that the page leads to; the order's number."""
    with dashboard.page.expect_popup() as opening:
        dashboard.page.get_by_role("link", name="Open the shop").click()
    shop = opening.value
    fill_the_cart(shop)
    check_out(shop, "grace@example.com")
    number = int(shop.get_by_test_id("order-number").inner_text())
    shop.close()
    return number


def orders(login: Json) -> list[Json]:
    """As the shop's admin sees them."""
    address, host = reach(login["backend_url"])
    token = admin_token(address, login["admin_email"], login["admin_password"], host=host)
    headers = {"Host": host, "Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{address}/admin/orders", headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["orders"])
