"""A store that lost a part says so, and a retry gives the part back with all data kept."""

from tests.e2e.front_door import FrontDoor, kubectl, objects


def test_a_deleted_backend_degrades_the_store_and_a_retry_puts_it_back(door: FrontDoor, born: str) -> None:
    name = born
    namespace = f"store-{name}"
    volume = objects("pvc", "-n", namespace)[0]["metadata"]["uid"]
    # Else the platform would put it back by itself.
    assert door.call("PATCH", f"/stores/{name}", {"drift_policy": "off"}).status_code == 200

    kubectl("delete", "deployment", "backend", "-n", namespace)

    store = door.wait_for_phase(name, "Degraded")
    assert store["message"] in {"The backend is missing from the cluster.", "No replica of the backend is ready."}
    assert store["allowed_actions"]["retry"]["allowed"]
    answer = door.call("POST", f"/stores/{name}/retry")
    assert answer.status_code == 202, answer.text
    door.wait_for_phase(name, "Ready")
    assert objects("pvc", "-n", namespace)[0]["metadata"]["uid"] == volume


def test_kubectl_delete_store_is_a_teardown(door: FrontDoor, born: str) -> None:
    name = born

    kubectl("delete", "store", name, "--timeout=300s")

    door.wait_until_gone(name)
    assert f"store-{name}" not in {found["metadata"]["name"] for found in objects("namespaces")}
