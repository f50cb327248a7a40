"""Endpoints, EndpointSlices and disruption budgets."""

from __future__ import annotations

from tests.sandbox.world import World, pod, service


async def test_endpoints_follow_readiness(world: World) -> None:
    world.create(service())
    world.create(pod())
    ready = await world.ready_pod("web")
    address = ready["status"]["podIP"]

    def subset() -> object:
        return ((world.get("Endpoints", "web") or {}).get("subsets") or [{}])[0]

    await world.until(lambda: "addresses" in subset())
    found = subset()
    assert isinstance(found, dict)
    assert [a["ip"] for a in found["addresses"]] == [address]
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    (piece,) = world.list("EndpointSlice")
    assert piece["endpoints"][0]["conditions"] == {"ready": True, "serving": True, "terminating": False}

    await world.ask(ready, "/unready")
    await world.until(lambda: "notReadyAddresses" in subset())
    (piece,) = world.list("EndpointSlice")
    assert piece["endpoints"][0]["conditions"]["ready"] is False


async def test_endpoints_go_with_their_service(world: World) -> None:
    world.create(service())
    await world.until(lambda: world.get("Endpoints", "web") and world.list("EndpointSlice"))
    world.delete("Service", "web")
    await world.until(lambda: not world.get("Endpoints", "web") and not world.list("EndpointSlice"))


async def test_a_budget_tells_how_many_pods_may_go(world: World) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    kind = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}
    world.create({**kind, "metadata": {"name": "web"}, "spec": spec})
    world.create(pod())
    await world.ready_pod("web")

    def status() -> dict[str, int]:
        found: dict[str, int] = (world.get("PodDisruptionBudget", "web") or {}).get("status") or {}
        return found

    await world.until(lambda: status().get("currentHealthy") == 1)
    assert (status()["desiredHealthy"], status()["disruptionsAllowed"]) == (1, 0)
