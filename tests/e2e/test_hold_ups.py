"""What holds a store up is named, and once it is out of the way the store goes on by itself."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.e2e.front_door import FrontDoor, kubectl, objects, until

NO_PODS = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-pods"},
    "spec": {"hard": {"pods": "0"}},
}
HOLDER = "example.com/backup-first"


def test_a_store_whose_pod_is_refused_says_what_it_waits_for(
    door: FrontDoor, new_name: Callable[[], str], tmp_path: Path
) -> None:
    name, namespace = _born(door, new_name)
    quota = tmp_path / "quota.json"
    quota.write_text(json.dumps(NO_PODS))
    kubectl("apply", "-n", namespace, "-f", str(quota))
    kubectl("delete", "deployment", "backend", "-n", namespace)
    door.wait_for_phase(name, "Degraded")

    assert door.call("POST", f"/stores/{name}/retry").status_code == 202
    until(
        lambda: "waits for the backend's pod to be made" in _explanation(door, name), "the store to say what is amiss"
    )
    kubectl("delete", "resourcequota", "no-pods", "-n", namespace)

    door.wait_for_phase(name, "Ready")


def test_a_removal_names_the_finalizer_that_holds_a_volume(door: FrontDoor, new_name: Callable[[], str]) -> None:
    name, namespace = _born(door, new_name)
    claim = objects("pvc", "-n", namespace)[0]["metadata"]["name"]
    _set_finalizers(namespace, claim, [HOLDER])

    try:
        assert door.call("DELETE", f"/stores/{name}").status_code == 202
        until(
            lambda: f"{claim} to be gone: held by the finalizer(s) {HOLDER}" in _explanation(door, name),
            "the removal to say what holds it up",
        )
    finally:
        _set_finalizers(namespace, claim, None)

    door.wait_until_gone(name)


def _born(door: FrontDoor, new_name: Callable[[], str]) -> tuple[str, str]:
    name = new_name()
    door.create(name)
    door.wait_for_phase(name, "Ready")
    return name, f"store-{name}"


def _explanation(door: FrontDoor, name: str) -> str:
    operation = door.store(name).get("operation") or {}
    return str(operation.get("explanation", ""))


def _set_finalizers(namespace: str, claim: str, finalizers: list[str] | None) -> None:
    patch = json.dumps({"metadata": {"finalizers": finalizers}})
    kubectl("patch", "pvc", claim, "-n", namespace, "--type=merge", "-p", patch)
