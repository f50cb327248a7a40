"""Every process of the platform is killed while stores are born: they become Ready, once each, and nothing is left."""

import os
import signal
from collections import Counter
from collections.abc import Callable

import httpx
import pytest

from tests.e2e.front_door import FrontDoor, launcher, objects, until

VICTIMS = (
    "worker-provision",
    "redis",
    "worker-events",
    "postgres",
    "worker-teardown",
    "beat",
    "web",
    "watcher",
    "worker-provision",
)
ONCE = (
    "STORE_REQUESTED",
    "PROVISIONING_START",
    "NAMESPACE_READY",
    "HELM_READY",
    "DB_READY",
    "BACKEND_READY",
    "STOREFRONT_READY",
    "STORE_READY",
)


def pid_of(name: str) -> int | None:
    """The process by its name in `storeplane status`; None while it is being started again."""
    processes = {process["name"]: process for process in launcher("status")["processes"]}
    return processes[name]["pid"] if processes[name]["state"] == "running" else None


def kill(name: str) -> None:
    """SIGKILL the process, and wait until the supervisor has another in its place."""
    victim = until(lambda: pid_of(name), f"{name} to run")
    os.kill(victim, signal.SIGKILL)
    until(lambda: (pid := pid_of(name)) is not None and pid != victim, f"{name} to be back")


def ready(door: FrontDoor, names: list[str]) -> bool:
    """Whether all are; an API that is being started again has no answer yet."""
    try:
        answer = door.call("GET", "/stores?page_size=200")
    except httpx.TransportError:
        return False
    if answer.status_code != 200:
        return False
    phases = {store["name"]: store["phase"] for store in answer.json()["results"]}
    assert "Failed" not in phases.values(), phases
    return all(phases.get(name) == "Ready" for name in names)


@pytest.mark.usefixtures("needs_launcher")
def test_stores_are_born_once_each_while_every_process_is_killed(door: FrontDoor, new_name: Callable[[], str]) -> None:
    names = [new_name() for _ in range(5)]
    for name in names:
        door.create(name)

    for victim in VICTIMS:
        kill(victim)

    until(lambda: ready(door, names), "all stores to be Ready")
    for name in names:
        story = door.call("GET", f"/stores/{name}/logs?page_size=100").json()["results"]
        told = Counter(event["type"] for event in story)
        assert {kind: told[kind] for kind in ONCE} == dict.fromkeys(ONCE, 1)
        releases = objects("secrets", "-n", f"store-{name}", "-l", "owner=helm,name=store")
        assert 1 <= len(releases) <= 2
        assert {release["metadata"]["labels"]["status"] for release in releases} <= {"deployed", "superseded", "failed"}
    until(lambda: door.call("GET", "/health").status_code == 200, "the platform to be well again")
