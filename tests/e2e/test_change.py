"""A running store is changed, paused and reconciled: it goes on serving, with the same volume."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import httpx

from tests.e2e.front_door import FrontDoor, Json, get_page, kubectl, objects, until, wait_until_served


def test_the_largest_plan_and_the_smallest_reach_the_running_store_and_keep_its_volume(
    door: FrontDoor, born: str
) -> None:
    name, namespace = born, f"store-{born}"
    volume = objects("pvc", "-n", namespace)[0]["metadata"]["uid"]

    # Back, too: the smaller quota is there before the larger pods are gone.
    for generation, plan, memory in ((2, "large", "2Gi"), (3, "small", "768Mi")):
        changed = door.call("PATCH", f"/stores/{name}", {"plan": plan})

        assert changed.status_code == 200, changed.text
        assert changed.json()["generation"] == generation
        assert changed.json()["phase"] == "Ready"
        store = until(lambda: _observed(door, name, generation), "the new generation to be observed")  # noqa: B023
        assert store["phase"] == "Ready"
        assert store["operation"]["kind"] == "reconcile"
        assert _memory_limit(namespace) == memory
        assert objects("pvc", "-n", namespace)[0]["metadata"]["uid"] == volume
        wait_until_served(store["url"])


def test_no_shopper_is_turned_away_while_the_shop_is_replaced(door: FrontDoor, born: str) -> None:
    namespace = f"store-{born}"
    origin = door.store(born)["url"]
    until(lambda: len(_shops(namespace)) == 1, "one pod of the shop")
    old = _shops(namespace)

    with _shopper(origin) as answers:
        assert door.call("PATCH", f"/stores/{born}", {"plan": "medium"}).status_code == 200
        until(lambda: len(_shops(namespace)) == 1 and not _shops(namespace) & old, "the old pod to be gone")
        seen = len(answers)
        until(lambda: len(answers) > seen + 20, "some more pages")

    assert set(answers) == {"200"}


def test_a_suspended_store_is_left_alone_and_reconciled_when_it_is_resumed(door: FrontDoor, born: str) -> None:
    name, namespace = born, f"store-{born}"
    assert door.call("PATCH", f"/stores/{name}", {"suspended": True}).json()["phase"] == "Suspended"
    kubectl("delete", "service", "storefront", "-n", namespace)

    assert door.call("POST", f"/stores/{name}/reconcile").status_code == 409
    resumed = door.call("PATCH", f"/stores/{name}", {"suspended": False}).json()
    assert resumed["operation"]["kind"] == "reconcile"

    store = until(lambda: _reconciled(door, name), "the store to be reconciled")
    assert store["phase"] == "Ready"
    assert "storefront" in {found["metadata"]["name"] for found in objects("service", "-n", namespace)}
    wait_until_served(store["url"])


@contextmanager
def _shopper(origin: str) -> Iterator[list[str]]:
    """Somebody who asks for the shop's page all the time: what each answer was."""
    answers: list[str] = []
    left = Event()

    def shop() -> None:
        while not left.wait(0.05):
            try:
                answers.append(str(get_page(origin, "/").status_code))
            except httpx.HTTPError as error:
                answers.append(repr(error))

    thread = Thread(target=shop)
    thread.start()
    try:
        yield answers
    finally:
        left.set()
        thread.join()


def _shops(namespace: str) -> set[str]:
    selector = "app.kubernetes.io/component=storefront"
    return {each["metadata"]["uid"] for each in objects("pods", "-n", namespace, "-l", selector)}


def _memory_limit(namespace: str) -> str:
    backend = next(found for found in objects("deploy", "-n", namespace) if found["metadata"]["name"] == "backend")
    limit: str = backend["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]["memory"]
    return limit


def _observed(door: FrontDoor, name: str, generation: int) -> Json | None:
    store = door.store(name)
    return store if store["observed_generation"] == generation else None


def _reconciled(door: FrontDoor, name: str) -> Json | None:
    store = door.store(name)
    return store if store["operation"]["state"] == "succeeded" else None
