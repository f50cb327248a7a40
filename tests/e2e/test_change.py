"""A running store is changed, paused and reconciled: it goes on serving, with the same volume."""

from tests.e2e.front_door import FrontDoor, Json, kubectl, objects, until, wait_until_served


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
