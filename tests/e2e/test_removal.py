"""A store goes without a trace, and its name is free again."""

import os
from pathlib import Path

import psutil
import pytest
import redis

from config.redis_urls import with_database
from sandbox.launcher import services
from tests.e2e.front_door import FrontDoor, objects, until


@pytest.mark.usefixtures("needs_launcher")
def test_a_deleted_store_leaves_nothing_and_its_name_can_be_used_again(door: FrontDoor, born: str) -> None:
    name = born

    first = door.call("DELETE", f"/stores/{name}")
    second = door.call("DELETE", f"/stores/{name}")
    again = door.call("POST", "/stores", {"name": name, "engine": "medusa"})

    assert first.status_code == 202
    assert second.status_code in (202, 404)
    assert first.json()["kind"] == "teardown"
    assert again.status_code == 201
    assert again.json()["id"] != door.store(name)["id"] or door.store(name)["phase"] != "Deleting"
    door.wait_for_phase(name, "Ready")
    _remove_and_look(door, name)


def _remove_and_look(door: FrontDoor, name: str) -> None:
    namespace = f"store-{name}"
    assert door.call("DELETE", f"/stores/{name}").status_code == 202
    door.wait_until_gone(name)

    assert namespace not in {found["metadata"]["name"] for found in objects("namespaces")}
    assert name not in {found["metadata"]["name"] for found in objects("stores.storeplane.dev")}
    claims = [volume["spec"].get("claimRef", {}).get("namespace") for volume in objects("pv")]
    assert namespace not in claims
    assert _processes_of(namespace) == []
    assert _folders_of(namespace) == []
    until(lambda: not _redis_keys_of(name), "the store's Redis keys to be gone", seconds=60)


def _processes_of(namespace: str) -> list[str]:
    """Local processes that were started for the store; none on a real cluster's client machine anyway.

    What this run itself started to reach the store is its own affair.
    """
    found, own = [], psutil.Process().children(recursive=True)
    for process in psutil.process_iter(["pid", "cmdline"]):
        if process not in own and namespace in " ".join(process.info["cmdline"] or []):
            found.append(str(process.info["pid"]))
    return found


def _folders_of(namespace: str) -> list[str]:
    home = os.environ.get("STOREPLANE_HOME")
    if not home or not Path(home).is_dir():
        return []
    return [str(path) for path in Path(home).rglob(f"*{namespace}*") if path.is_dir()]


def _redis_keys_of(name: str) -> list[str]:
    url = services.redis_url(services.socket_folder(Path(os.environ["STOREPLANE_HOME"])))
    streams = redis.Redis.from_url(with_database(url, 2), decode_responses=True)
    return [str(key) for key in streams.scan_iter(f"*{name}*")]
