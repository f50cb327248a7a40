"""Somebody changes a store behind the platform's back: it is put right, and nothing else is touched."""

from tests.e2e.front_door import FrontDoor, Json, kubectl, objects, until

KINDS = "deploy,statefulset,service,configmap,ingress,networkpolicy,resourcequota,limitrange"
REVISION = "controller-revision-hash"


def test_a_store_that_is_tampered_with_is_put_right_without_an_upgrade(door: FrontDoor, born: str) -> None:
    name = born
    space = ("-n", f"store-{name}")
    records, generations = _records(name), _generations(name)

    kubectl("delete", "service", "backend", *space)
    until(lambda: "backend" in _names("service", name), "the Service to be back")
    kubectl("set", "image", "deployment/storefront", "storefront=storeplane/other:1", *space)
    until(lambda: "other" not in _image(name), "the image to be back")
    kubectl("scale", "deployment/storefront", "--replicas=0", *space)
    until(lambda: _deployment(name)["spec"]["replicas"] == 1, "the replicas to be back")
    kubectl("delete", "networkpolicy", "default-deny", *space)
    until(lambda: "default-deny" in _names("networkpolicy", name), "the policy to be back")
    kubectl("label", "secret", "store-credentials", "app.kubernetes.io/part-of-", *space)
    until(lambda: "store-credentials" in _names("secret", name, "-l", "app.kubernetes.io/part-of"), "the label")

    until(lambda: _healed(door, name), "all of it to be told")
    assert _records(name) == records
    touched = {("Service", "backend"), ("Deployment", "storefront"), ("NetworkPolicy", "default-deny")}
    assert {each for each, kept in _generations(name).items() if generations[each] != kept} <= touched
    door.wait_for_phase(name, "Ready")


def test_a_database_whose_pod_was_broken_is_put_right_with_its_data(door: FrontDoor, born: str) -> None:
    """A StatefulSet replaces no pod that isn't ready, though its template was put right (kubernetes#67250)."""
    space = ("-n", f"store-{born}")
    volume = objects("pvc", *space)[0]["metadata"]["uid"]
    door.call("PATCH", f"/stores/{born}", {"drift_policy": "warn"})
    good = _database(born)["metadata"]["labels"][REVISION]
    kubectl("set", "image", "statefulset/postgres", "postgres=storeplane/other:1", *space)
    until(lambda: _database(born).get("metadata", {}).get("labels", {}).get(REVISION, good) != good, "the broken pod")
    door.wait_for_phase(born, "Degraded")

    door.call("PATCH", f"/stores/{born}", {"drift_policy": "heal"})

    door.wait_for_phase(born, "Ready")
    assert _database(born)["metadata"]["labels"][REVISION] == good
    assert objects("pvc", *space)[0]["metadata"]["uid"] == volume


def _database(name: str) -> Json:
    selector = "app.kubernetes.io/component=database"
    return next(iter(objects("pods", "-n", f"store-{name}", "-l", selector)), {})


def _names(kind: str, name: str, *words: str) -> set[str]:
    return {each["metadata"]["name"] for each in objects(kind, "-n", f"store-{name}", *words)}


def _deployment(name: str) -> Json:
    return next(each for each in objects("deploy", "-n", f"store-{name}") if each["metadata"]["name"] == "storefront")


def _image(name: str) -> str:
    return str(_deployment(name)["spec"]["template"]["spec"]["containers"][0]["image"])


def _records(name: str) -> list[tuple[str, str]]:
    """Helm's records: a heal makes no revision and writes to none."""
    found = objects("secret", "-n", f"store-{name}", "-l", "owner=helm")
    return sorted((each["metadata"]["name"], each["metadata"]["resourceVersion"]) for each in found)


def _generations(name: str) -> dict[tuple[str, str], tuple[str, object]]:
    found = objects(KINDS, "-n", f"store-{name}", "-l", "app.kubernetes.io/part-of=storeplane")
    return {
        (each["kind"], each["metadata"]["name"]): (each["metadata"]["uid"], each["metadata"].get("generation"))
        for each in found
    }


def _healed(door: FrontDoor, name: str) -> bool:
    store = door.store(name)
    drifted = {each["type"]: each["status"] for each in store["conditions"]}["Drifted"]
    told = [each["type"] for each in door.call("GET", f"/stores/{name}/logs").json()["results"]]
    return drifted == "False" and "SELF_HEALED" in told
