"""The promises, each a function that returns what it saw or raises Broken."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import DEPLOYMENT, NAMESPACE, PERSISTENT_VOLUME, STORE
from verify.caller import Caller, Json, claim, expect, there, until

AT_ONCE = 5
SLOTS = 3
FINALIZER = "storeplane.dev/teardown"
_PROMISED_METRICS = (
    "store_platform_stores_created_total",
    "store_platform_stores_deleted_total",
    "store_platform_stores_total",
    "store_platform_provisioning_seconds_count",
    "store_platform_step_seconds_count",
    "store_platform_queue_depth",
    "store_platform_queue_oldest_seconds",
    "store_platform_slots",
    "store_platform_orphans",
)


@dataclass
class World:
    """What the checks share: who asks, who else there is, the cluster, and the stores made on the way."""

    caller: Caller
    stranger: Caller | None
    cluster: Cluster
    metrics_token: str
    names: list[str]
    made: list[str] = field(default_factory=list)
    created_before: float = 0.0


def is_askable(world: World) -> None:
    """Raise Broken when the platform doesn't answer, or won't tell its numbers: before anything is made."""
    answer = _ask_for_metrics(world)
    claim(
        answer.status_code != httpx.codes.UNAUTHORIZED,
        "/metrics asks for its token: give the right one with --metrics-token. What the chart made is in the Secret "
        "'storeplane-secrets' of the platform's namespace, under 'metrics-token'.",
    )
    expect(answer, httpx.codes.OK)


def identity(world: World) -> str:
    """Nobody gets nothing, and another person's store isn't there."""
    nobody = Caller(world.caller.url)
    expect(nobody.call("GET", "/stores"), httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
    me = expect(world.caller.call("GET", "/me"), httpx.codes.OK).json()
    if world.stranger is None:
        return f"'{me['username']}' is known, nobody is turned away; no second person was given to be kept out."
    name = _create(world, world.names[0])
    for method in ("GET", "DELETE"):
        expect(world.stranger.call(method, f"/stores/{name}"), httpx.codes.NOT_FOUND)
    claim(name in world.caller.phases(), f"Store '{name}' was gone after somebody else asked for it.")
    return f"'{me['username']}' is known; to somebody else '{name}' answers 404, also to a DELETE."


def concurrency(world: World) -> str:
    """Of five stores asked for at once, three are provisioned and two wait with their places."""
    world.created_before = metric(world, "store_platform_stores_created_total")
    for name in world.names:
        if name not in world.made:
            _create(world, name)
    most, places = 0, set[int]()

    def all_ready() -> bool:
        nonlocal most
        phases = {name: phase for name, phase in world.caller.phases().items() if name in world.names}
        failed = [name for name, phase in phases.items() if phase == "Failed"]
        claim(not failed, f"{', '.join(failed)} failed: {_message(world, failed)}")
        most = max(most, sum(phase == "Provisioning" for phase in phases.values()))
        places.update(_places(world, [name for name, phase in phases.items() if phase == "Pending"]))
        return all(phase == "Ready" for phase in phases.values())

    begun = time.monotonic()
    until(all_ready, f"{AT_ONCE} stores to be Ready")
    claim(most <= SLOTS, f"{most} stores were provisioned at once; {SLOTS} is the most.")
    claim({1, 2} <= places, f"The places shown in the queue were {sorted(places)}; 1 and 2 were due.")
    took = time.monotonic() - begun
    return f"never more than {most} at once, {max(places)} waited in their places; all were Ready after {took:.0f} s."


def drift(world: World) -> str:
    """A Deployment that somebody deletes is back, and the log says so."""
    name = world.names[0]
    namespace = f"store-{name}"
    before = there(world.cluster.get(DEPLOYMENT, "storefront", namespace), f"Deployment 'storefront' in {namespace}")
    begun = time.monotonic()
    world.cluster.delete(DEPLOYMENT, "storefront", namespace)

    def back() -> bool:
        found = world.cluster.get(DEPLOYMENT, "storefront", namespace)
        return found is not None and found["metadata"]["uid"] != before["metadata"]["uid"]

    until(back, "the deleted Deployment to be back")
    took = time.monotonic() - begun
    until(lambda: "SELF_HEALED" in _told(world, name), "the log to say so")
    until(lambda: world.caller.phases().get(name) == "Ready", f"'{name}' to be Ready again")
    return f"a deleted Deployment was back after {took:.1f} s, and the store is Ready again."


def finalizer(world: World) -> str:
    """`kubectl delete store` removes everything, and only then the resource goes."""
    name = world.names[1]
    resource = there(world.cluster.get(STORE, name), f"Store resource '{name}'")
    claim(FINALIZER in resource["metadata"].get("finalizers", []), f"Store '{name}' has no finalizer {FINALIZER}.")
    begun = time.monotonic()
    world.cluster.delete(STORE, name)
    until(lambda: world.cluster.get(STORE, name) is None, f"the Store resource '{name}' to be gone")
    claim(world.cluster.get(NAMESPACE, f"store-{name}") is None, f"Namespace store-{name} is left.")
    left = [
        volume["metadata"]["name"]
        for volume in world.cluster.list(PERSISTENT_VOLUME)
        if volume["spec"].get("claimRef", {}).get("namespace") == f"store-{name}"
    ]
    claim(not left, f"Volumes are left: {', '.join(left)}.")
    claim(world.caller.store(name) is None, f"GET /stores/{name} still finds it.")
    took = time.monotonic() - begun
    return f"deleting the resource removed namespace and volume first; all was gone after {took:.0f} s."


def metrics(world: World) -> str:
    """What was done can be counted."""
    missing = [name for name in _PROMISED_METRICS if not re.search(rf"^{name}[ {{]", _scrape(world), re.MULTILINE)]
    claim(not missing, f"/metrics lacks {', '.join(missing)}.")
    created = metric(world, "store_platform_stores_created_total") - world.created_before
    made = len(world.made) - (1 if world.stranger else 0)
    claim(created >= made, f"/metrics counted {created:.0f} new stores where {made} were made.")
    return f"all {len(_PROMISED_METRICS)} are there, and {created:.0f} new stores were counted."


CHECKS: dict[str, Callable[[World], str]] = {
    "identity": identity,
    "concurrency": concurrency,
    "drift": drift,
    "finalizer": finalizer,
    "metrics": metrics,
}


def clean_up(world: World) -> None:
    """Remove the stores that were made; waits until they are gone."""
    for name in world.made:
        expect(world.caller.call("DELETE", f"/stores/{name}"), httpx.codes.ACCEPTED, httpx.codes.NOT_FOUND)
    for name in world.made:
        until(lambda name=name: world.caller.store(name) is None, f"'{name}' to be gone")  # type: ignore[misc]


def metric(world: World, name: str) -> float:
    """The sum over the labels of one metric."""
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", _scrape(world), re.MULTILINE))


def _scrape(world: World) -> str:
    return expect(_ask_for_metrics(world), httpx.codes.OK).text


def _ask_for_metrics(world: World) -> httpx.Response:
    headers = {"Authorization": f"Bearer {world.metrics_token}"} if world.metrics_token else {}
    return Caller(world.caller.url, headers).call("GET", "/metrics")


def _create(world: World, name: str) -> str:
    world.made.append(name)
    expect(world.caller.call("POST", "/stores", {"name": name, "engine": "medusa"}), httpx.codes.CREATED)
    return name


def _told(world: World, name: str) -> list[str]:
    answer = expect(world.caller.call("GET", f"/stores/{name}/logs"), httpx.codes.OK)
    return [event["type"] for event in answer.json()["results"]]


def _places(world: World, names: list[str]) -> list[int]:
    """The places that those of them know that still wait."""
    stores = [world.caller.store(name) or {} for name in names]
    return [int(store["queue_position"]) for store in stores if store.get("queue_position")]


def _message(world: World, names: list[str]) -> str:
    found: list[Json] = [store for name in names if (store := world.caller.store(name))]
    return " ".join(store["message"] for store in found)
