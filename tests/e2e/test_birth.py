"""From a POST to a placed order, through the front door only."""

from collections.abc import Callable

import httpx

from tests import journey
from tests.e2e.browser import buy_in_browser
from tests.e2e.front_door import FrontDoor, get_page, kubectl, objects, reach, wait_until_served

BIRTH = ["NAMESPACE_READY", "HELM_READY", "DB_READY", "BACKEND_READY", "STOREFRONT_READY", "STORE_READY"]
CONDITIONS = ["NamespaceReady", "HelmInstalled", "DatabaseReady", "BackendReady", "StorefrontReady"]


def test_a_post_becomes_a_store_that_takes_an_order(door: FrontDoor, new_name: Callable[[], str]) -> None:
    name = new_name()

    with door.events() as live:
        created = door.create(name, display_name="Petit Marché")
        told = live.until(name, "STORE_READY")

    assert created["phase"] == "Pending"
    assert [event["type"] for event in told if event["type"] in BIRTH] == BIRTH
    assert [event["id"] for event in told] == sorted(event["id"] for event in told)
    store = door.store(name)
    assert store["phase"] == "Ready"
    became_true = {
        condition["type"]: condition["last_transition_time"]
        for condition in store["conditions"]
        if condition["status"] == "True"
    }
    times = [became_true[condition] for condition in CONDITIONS]
    assert times == sorted(times)
    assert [step["state"] for step in store["pipeline"]] == ["succeeded"] * 5
    _the_shop_sells(door, store)
    _kubectl_sees_it(store)


def _the_shop_sells(door: FrontDoor, store: dict) -> None:  # type: ignore[type-arg]
    wait_until_served(store["url"])
    page = get_page(store["url"])
    assert page.status_code == 200
    assert "<title>" in page.text
    login = door.call("GET", f"/stores/{store['name']}/credentials").json()
    address, host = reach(login["backend_url"])
    by_program = journey.place_order(
        address, login["publishable_key"], login["admin_email"], login["admin_password"], host=host
    )
    assert by_program["email"] == "ada@example.com"

    number = buy_in_browser(store["url"], email="grace@example.com")

    orders = _orders(
        address, host, journey.admin_token(address, login["admin_email"], login["admin_password"], host=host)
    )
    assert {(order["email"], order["display_id"]) for order in orders} >= {("grace@example.com", number)}


def _orders(address: str, host: str, token: str) -> list[dict]:  # type: ignore[type-arg]
    headers = {"Host": host, "Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{address}/admin/orders?fields=%2Bemail", headers=headers, timeout=30, trust_env=False)
    assert answer.status_code == 200, answer.text
    found: list[dict] = answer.json()["orders"]  # type: ignore[type-arg]
    return found


def _kubectl_sees_it(store: dict) -> None:  # type: ignore[type-arg]
    kubectl("wait", "--for=condition=Ready", f"store/{store['name']}", "--timeout=60s")
    line = kubectl("get", "store", store["name"], "--no-headers").split()
    assert line[:4] == [store["name"], "medusa", "Ready", "True"]
    namespace = f"store-{store['name']}"
    assert {pod["status"]["phase"] for pod in objects("pods", "-n", namespace)} == {"Running"}
    assert objects("resourcequota", "-n", namespace)
    assert objects("limitrange", "-n", namespace)
    assert len(objects("networkpolicy", "-n", namespace)) >= 4
