"""A store whose database is of an older Medusa is upgraded: a Job of its release migrates it, and the shop goes on."""

import json

from tests.e2e.front_door import FrontDoor, Json, get_page, kubectl, objects, until, wait_until_served

OLDER = "2.17.2"
# Medusa's own tables are the same; what a database was written by is what the programs of the image go by. The image's
# own way to connect waits, since the network of a new pod may take a moment to know what its policies allow.
_MAKE_OLDER = """
const { connect } = await import("./prepare/database.mjs")
const { readDatabase } = await import("./prepare/settings.mjs")
const client = await connect(readDatabase(process.env))
await client.query("UPDATE storeplane.state SET medusa_version = $1", [process.env.OLDER])
await client.end()
"""


def test_an_older_database_is_migrated_by_the_job_of_the_upgrade(door: FrontDoor, born: str) -> None:
    name, url = born, door.store(born)["url"]
    space = ("-n", f"store-{name}")
    assert objects("jobs", *space) == []

    _change(door, name, plan="medium")
    first = _done(name)
    assert "nothing to migrate: the database is of this image" in kubectl("logs", f"job/{first}", *space)

    _make_older(name, first)
    _change(door, name, plan="small")
    until(lambda: first not in _jobs(name), "the Job of the upgrade before to be gone")
    second = _done(name)
    told = kubectl("logs", f"job/{second}", *space)
    assert f"migrating the database from Medusa {OLDER}" in told
    assert told.rstrip().endswith("ready")

    # Whoever is not the Job has waited for it, or came when all was done.
    assert "migrating the database" not in kubectl("logs", "deployment/backend", "-c", "prepare", *space)
    wait_until_served(url)


def test_a_rename_reaches_the_shop_and_no_database_and_a_deleted_job_is_no_drift(door: FrontDoor, born: str) -> None:
    name = born
    _change(door, name, plan="medium")
    job = _done(name)
    first = _jobs(name)[job]["metadata"]["uid"]

    _change(door, name, display_name="Another Name")
    assert get_page(door.store(name)["url"], "/config.json").json()["storeName"] == "Another Name"
    assert _jobs(name)[job]["metadata"]["uid"] == first

    # As it goes away by itself after an hour: nobody misses it, and a reconciliation has one again.
    kubectl("delete", "job", job, "-n", f"store-{name}")
    assert door.call("POST", f"/stores/{name}/reconcile").status_code in (200, 202)
    until(lambda: job in _jobs(name), "the reconciliation to have a Job")
    assert _done(name) == job
    told = [each["type"] for each in door.call("GET", f"/stores/{name}/logs").json()["results"]]
    assert "DRIFT_DETECTED" not in told


def _change(door: FrontDoor, name: str, **wishes: str) -> None:
    """Ask for it, and wait until the store is as it was asked to be."""
    changed = door.call("PATCH", f"/stores/{name}", wishes)
    assert changed.status_code == 200, changed.text
    generation = changed.json()["generation"]

    def look() -> bool:
        store = door.store(name)
        assert store["phase"] != "Failed", store["message"]
        return store["observed_generation"] == generation and store["phase"] == "Ready"

    until(look, f"{name} to be changed")


def _jobs(name: str) -> dict[str, Json]:
    return {each["metadata"]["name"]: each for each in objects("jobs", "-n", f"store-{name}")}


def _done(name: str) -> str:
    """The name of the store's only Job, once it has done its work."""

    def look() -> str | None:
        found = list(_jobs(name).values())
        conditions = {each["type"]: each for job in found for each in job.get("status", {}).get("conditions", [])}
        assert "Failed" not in conditions, conditions
        return str(found[0]["metadata"]["name"]) if len(found) == 1 and "Complete" in conditions else None

    return until(look, f"the Job of {name} to be complete")


def _make_older(name: str, job: str) -> None:
    """By a pod like the Job's own: nothing else of the store may speak to the database."""
    template = _jobs(name)[job]["spec"]["template"]
    # Without those by which a Job knows its pods.
    ours = ("app.kubernetes.io/", "storeplane.dev/")
    labels = {key: value for key, value in template["metadata"]["labels"].items() if key.startswith(ours)}
    (container,) = template["spec"]["containers"]
    container["command"] = ["node", "--input-type=module", "-e", _MAKE_OLDER]
    container["env"].append({"name": "OLDER", "value": OLDER})
    space = f"store-{name}"
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "older", "namespace": space, "labels": labels}}
    manifest = json.dumps({**pod, "spec": template["spec"]})
    kubectl("apply", "-f", "-", stdin=manifest)
    until(lambda: _phase(space) == "Succeeded", "the database to be made older")
    kubectl("delete", "pod", "older", "-n", space)


def _phase(space: str) -> str:
    (pod,) = [each for each in objects("pods", "-n", space) if each["metadata"]["name"] == "older"]
    phase = str(pod["status"].get("phase"))
    assert phase != "Failed", kubectl("logs", "older", "-n", space)
    return phase
