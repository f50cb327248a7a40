"""A person who never opens the API: stores are made, watched, changed and deleted with kubectl alone."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.front_door import FrontDoor, Json, kubectl, launcher, objects, until

if shutil.which("kubectl") is None and not os.environ.get("CI"):
    pytest.skip("kubectl is missing", allow_module_level=True)

PATIENCE = "--timeout=600s"
SWEEP_SECONDS = 150.0
"""Two sweeps of mirrors and some: what no watcher has seen is mended by then."""


@pytest.fixture
def tenant(door: FrontDoor) -> str:
    """The tenant of this run's caller, so that its stores are removed at the end."""
    answer = door.call("GET", "/tenants").json()
    return str((answer["results"] if isinstance(answer, dict) else answer)[0]["slug"])


def apply(name: str, **spec: object) -> str:
    """kubectl apply -f - of a Store."""
    manifest = {"apiVersion": "storeplane.dev/v1", "kind": "Store", "metadata": {"name": name}, "spec": spec}
    command = ["kubectl", "apply", "-f", "-"]
    done = subprocess.run(command, input=json.dumps(manifest), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def patch(name: str, *words: str, **fields: object) -> None:
    """kubectl patch of the spec, or of what `words` say."""
    kubectl("patch", "store", name, "--type=merge", "-p", json.dumps({"spec": fields}), *words)


def resource(name: str) -> Json:
    """The resource; an empty object when there is none."""
    shown = kubectl("get", "store", name, "-o", "json", "--ignore-not-found")
    return dict(json.loads(shown)) if shown.strip() else {}


def condition(name: str, type_: str) -> Json:
    """A condition of the resource."""
    conditions = resource(name).get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == type_), {})


@contextmanager
def watched(name: str) -> Iterator[list[str]]:
    """What `kubectl get store -w` prints meanwhile, line by line as it comes."""
    lines: list[str] = []
    command = ["kubectl", "get", "stores", "-w", "--no-headers", "--field-selector", f"metadata.name={name}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
        reader.start()
        yield lines
        process.terminate()
        reader.join()


def phases_in(lines: list[str]) -> list[str]:
    """The phases of a store, as a watch has shown them so far."""
    return [line.split()[2] for line in list(lines) if len(line.split()) > 3]


def test_a_store_lives_from_birth_to_death_by_kubectl_alone(
    door: FrontDoor, new_name: Callable[[], str], tenant: str
) -> None:
    name = new_name()
    with watched(name) as seen:
        apply(name, engine="medusa", tenant=tenant, displayName="Kube Shop")
        kubectl("wait", "--for=condition=Ready", f"store/{name}", PATIENCE)
        until(lambda: "Ready" in phases_in(seen), "the watch to show the ready store")

    _assert_ready(name)
    phases = phases_in(seen)
    assert phases.index("Provisioning") < phases.index("Ready"), seen
    _assert_told(name)
    assert door.store(name)["display_name"] == "Kube Shop"
    log = door.call("GET", f"/stores/{name}/logs?page_size=100").json()["results"]
    assert log[-1]["origin"] == "kubectl"

    _change_it(door, name)
    kubectl("delete", "store", name, "--wait=false")
    kubectl("wait", "--for=delete", f"store/{name}", PATIENCE)
    assert f"store-{name}" not in {found["metadata"]["name"] for found in objects("namespaces")}
    assert door.call("GET", f"/stores/{name}").status_code == 404


def _assert_ready(name: str) -> None:
    shown = resource(name)
    status = shown["status"]
    assert status["phase"] == "Ready"
    assert status["observedGeneration"] == shown["metadata"]["generation"]
    by_type = {each["type"]: each["status"] for each in status["conditions"]}
    assert (by_type["Accepted"], by_type["Ready"]) == ("True", "True")
    assert (by_type["Reconciling"], by_type["Stalled"]) == ("False", "False")
    assert status["lastOperation"]["state"] == "succeeded"
    assert status["activityLog"][0]["type"] == "STORE_READY"
    row = kubectl("get", "store", name, "-o", "wide", "--no-headers")
    assert "Ready" in row
    assert status["url"] in row


def _assert_told(name: str) -> None:
    """`kubectl describe` tells the story; its last Event may come a moment after the status."""

    def told() -> bool:
        story = kubectl("describe", "store", name).partition("\nEvents:")[2]
        return all(word in story for word in ("ProvisioningStart", "NamespaceReady", "HelmReady", "StoreReady"))

    until(told, "the whole story in kubectl describe", seconds=60)


def _change_it(door: FrontDoor, name: str) -> None:
    patch(name, plan="medium", driftPolicy="warn")
    changed = until(lambda: (store := door.store(name))["plan"] == "medium" and store, "the plan to be adopted")
    assert changed["drift_policy"] == "warn"
    generation = resource(name)["metadata"]["generation"]
    until(lambda: resource(name)["status"]["observedGeneration"] >= generation, "the wish to be seen")
    until(lambda: condition(name, "Reconciling")["status"] == "False", "the new plan to be there")
    assert resource(name)["spec"]["plan"] == "medium"
    assert resource(name)["status"]["lastOperation"]["kind"] == "reconcile"
    patch(name, suspend=True)
    until(lambda: resource(name)["status"]["phase"] == "Suspended", "the suspension")
    assert door.call("PATCH", f"/stores/{name}", {"suspended": False}).status_code == 200
    until(lambda: not resource(name)["spec"]["suspend"], "the later wish, by the API, in the resource")


def test_woocommerce_is_accepted_with_nothing_in_the_cluster_and_deletable(
    new_name: Callable[[], str], tenant: str
) -> None:
    name = new_name()
    apply(name, engine="woocommerce", tenant=tenant)
    kubectl("wait", "--for=jsonpath={.status.phase}=ComingSoon", f"store/{name}", PATIENCE)

    assert "coming soon" in resource(name)["status"]["message"]
    assert condition(name, "Accepted")["status"] == "True"
    assert f"store-{name}" not in {found["metadata"]["name"] for found in objects("namespaces")}

    kubectl("delete", "store", name, PATIENCE)
    assert resource(name) == {}


def test_a_refusal_is_told_and_mended_in_the_resource(new_name: Callable[[], str], tenant: str) -> None:
    name = new_name()
    apply(name, engine="woocommerce", tenant="there-is-none")
    kubectl("wait", "--for=condition=Accepted=False", f"store/{name}", PATIENCE)

    shown = condition(name, "Accepted")
    assert shown["reason"] == "TenantUnknown"
    assert "there-is-none" in shown["message"]
    assert condition(name, "Stalled")["status"] == "True"
    until(lambda: "TenantUnknown" in kubectl("describe", "store", name).partition("\nEvents:")[2], "the Event")
    kubectl("delete", "store", name, PATIENCE)

    apply(name, engine="woocommerce", tenant=tenant)
    kubectl("wait", "--for=condition=Accepted", f"store/{name}", PATIENCE)


def test_what_is_done_by_hand_to_a_resource_is_put_back(new_name: Callable[[], str], tenant: str) -> None:
    name = new_name()
    apply(name, engine="woocommerce", tenant=tenant)
    kubectl("wait", "--for=condition=Accepted", f"store/{name}", PATIENCE)

    faked = json.dumps({"status": {"phase": "Ready", "queuePosition": 3}})
    kubectl("patch", "store", name, "--subresource=status", "--type=merge", "-p", faked)
    until(lambda: resource(name)["status"]["phase"] == "ComingSoon", "the status to be put back", SWEEP_SECONDS)
    assert "queuePosition" not in resource(name)["status"]

    labels = resource(name)["metadata"]["labels"]
    kubectl("label", "store", name, "storeplane.dev/store-")
    until(lambda: resource(name)["metadata"].get("labels") == labels, "the label to be put back", SWEEP_SECONDS)


@pytest.mark.usefixtures("needs_launcher")
def test_a_watcher_that_is_killed_costs_no_wish(new_name: Callable[[], str], tenant: str) -> None:
    names = [new_name() for _ in range(3)]
    for name in names:
        os.kill(_watcher(), signal.SIGKILL)
        apply(name, engine="woocommerce", tenant=tenant)

    for name in names:
        kubectl("wait", "--for=condition=Accepted", f"store/{name}", PATIENCE)


def _watcher() -> int:
    """The process that watches, as the launcher tells once it runs again."""

    def pid() -> int | None:
        processes = {process["name"]: process for process in launcher("status")["processes"]}
        return processes["watcher"].get("pid")

    return until(pid, "the watcher to be back")


def test_a_resource_deleted_by_force_comes_back(door: FrontDoor, new_name: Callable[[], str], tenant: str) -> None:
    name = new_name()
    apply(name, engine="woocommerce", tenant=tenant, deletionProtection=True)
    kubectl("wait", "--for=condition=Accepted", f"store/{name}", PATIENCE)
    uid = resource(name)["metadata"]["uid"]

    kubectl("delete", "store", name, "--wait=false")
    until(lambda: condition(name, "Accepted").get("reason") == "DeletionProtected", "the refusal", SWEEP_SECONDS)
    kubectl("patch", "store", name, "--type=json", "-p", '[{"op": "remove", "path": "/metadata/finalizers"}]')

    until(lambda: resource(name).get("metadata", {}).get("uid", uid) != uid, "the resource to be back", SWEEP_SECONDS)
    until(lambda: condition(name, "Accepted").get("status"), "its status")
    assert "RESOURCE_RESTORED" in [each["type"] for each in resource(name)["status"]["activityLog"]]
    assert door.store(name)["phase"] == "ComingSoon"
    patch(name, deletionProtection=False)
    until(lambda: not door.store(name)["deletion_protection"], "the protection to be off", SWEEP_SECONDS)
    kubectl("delete", "store", name, PATIENCE)
    assert door.call("GET", f"/stores/{name}").status_code == 404
