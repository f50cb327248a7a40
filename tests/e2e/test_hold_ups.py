"""What holds a store up is named, and once it is out of the way the store goes on by itself."""

import json
from pathlib import Path

from tests.e2e.front_door import FrontDoor, kubectl, objects, until

NO_PODS = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-pods"},
    "spec": {"hard": {"pods": "0"}},
}
HOLDER = "example.com/backup-first"


def test_a_store_whose_pod_is_refused_says_what_it_waits_for(door: FrontDoor, born: str, tmp_path: Path) -> None:
    name, namespace = born, f"store-{born}"
    quota = tmp_path / "quota.json"
    quota.write_text(json.dumps(NO_PODS))
    kubectl("apply", "-n", namespace, "-f", str(quota))
    # A quota counts for nothing until its controller has counted.
    until(lambda: _counted(namespace), "the quota to be in force")
    kubectl("delete", "deployment", "backend", "-n", namespace)
    door.wait_for_phase(name, "Degraded")

    assert door.call("POST", f"/stores/{name}/retry").status_code == 202
    _until_told(door, name, "waits for the backend's pod to be made")
    kubectl("delete", "resourcequota", "no-pods", "-n", namespace)

    door.wait_for_phase(name, "Ready")


def test_a_removal_names_what_holds_a_volume_and_then_what_holds_the_namespace(door: FrontDoor, born: str) -> None:
    name, namespace = born, f"store-{born}"
    claim = f"pvc/{objects('pvc', '-n', namespace)[0]['metadata']['name']}"
    held = [claim, "serviceaccount/default"]
    for each in held:
        _set_finalizers(namespace, each, [HOLDER])

    try:
        assert door.call("DELETE", f"/stores/{name}").status_code == 202
        _until_told(door, name, f"to be gone: held by the finalizer(s) {HOLDER}")
        _set_finalizers(namespace, held.pop(0), None)
        _until_told(door, name, f"finalizers remaining: {HOLDER} in 1 resource instances")
    finally:
        for each in held:
            _set_finalizers(namespace, each, None)

    door.wait_until_gone(name)


def _counted(namespace: str) -> bool:
    (quota,) = [each for each in objects("quota", "-n", namespace) if each["metadata"]["name"] == "no-pods"]
    return bool(quota.get("status", {}).get("hard"))


def _until_told(door: FrontDoor, name: str, words: str) -> None:
    """Until the explanation of the store's operation has these words."""

    def told() -> bool:
        operation = door.store(name).get("operation") or {}
        return words in operation.get("explanation", "")

    until(told, f"{name} to say {words!r}")


def _set_finalizers(namespace: str, found: str, finalizers: list[str] | None) -> None:
    """Of an object named `kind/name`."""
    patch = json.dumps({"metadata": {"finalizers": finalizers}})
    kubectl("patch", found, "-n", namespace, "--type=merge", "-p", patch)
