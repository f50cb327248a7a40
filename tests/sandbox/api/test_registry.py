"""The registry as controllers use it, in the same process."""

import asyncio

import pytest

from sandbox.api.errors import ApiError
from sandbox.api.registry import Registry
from sandbox.api.watching import HISTORY
from tests.sandbox.api.manifests import config_map, deployment


def test_what_is_handed_out_belongs_to_the_caller(registry: Registry) -> None:
    maps = registry.resource("configmaps")
    made = registry.create(maps, "default", config_map("a", k="v"))
    made["data"]["k"] = "changed"
    registry.get(maps, "default", "a")["data"]["k"] = "changed"
    for item in registry.list(maps, "default")["items"]:
        item["metadata"]["labels"] = {"changed": "yes"}
    assert registry.get(maps, "default", "a")["data"] == {"k": "v"}
    assert registry.list(maps, "default", label_selector="changed=yes")["items"] == []


async def test_a_watch_begins_with_what_is_there_and_goes_on(registry: Registry) -> None:
    maps = registry.resource("configmaps")
    registry.create(maps, "default", config_map("a"))
    watch = registry.watch(maps, "default", field_selector="metadata.name=a")
    assert (await anext(watch))["type"] == "ADDED"
    waiting = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    registry.patch(maps, "default", "a", {"data": {"k": "v"}}, "merge")
    event = await waiting
    assert (event["type"], event["object"]["data"]) == ("MODIFIED", {"k": "v"})
    registry.delete(maps, "default", "a")
    assert (await anext(watch))["type"] == "DELETED"


async def test_a_watch_that_falls_behind_is_told_so(registry: Registry) -> None:
    maps = registry.resource("configmaps")
    registry.create(maps, "default", config_map("a"))
    watch = registry.watch(maps, resource_version=str(registry.storage.revision))
    for number in range(HISTORY + 1):
        registry.patch(maps, "default", "a", {"data": {"k": str(number)}}, "merge")
    event = await anext(watch)
    assert (event["type"], event["object"]["reason"], event["object"]["code"]) == ("ERROR", "Expired", 410)
    with pytest.raises(StopAsyncIteration):
        await anext(watch)


async def test_a_closed_watch_ends(registry: Registry) -> None:
    watch = registry.watch(registry.resource("secrets"))
    waiting = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    watch.close()
    with pytest.raises(StopAsyncIteration):
        await waiting


def test_pods_on_a_node_wait_for_it_to_stop_them(registry: Registry) -> None:
    pods = registry.resource("pods")
    pod = {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": [{"name": "a", "image": "i"}]}}
    registry.create(pods, "default", pod)
    going = registry.delete(pods, "default", "p")
    assert going["metadata"]["deletionGracePeriodSeconds"] == 30
    sooner = registry.delete(pods, "default", "p", options={"gracePeriodSeconds": 5})
    assert sooner["metadata"]["deletionGracePeriodSeconds"] == 5
    registry.delete(pods, "default", "p", options={"gracePeriodSeconds": 60})
    assert registry.get(pods, "default", "p")["metadata"]["deletionGracePeriodSeconds"] == 5
    registry.delete(pods, "default", "p", options={"gracePeriodSeconds": 0})
    with pytest.raises(ApiError, match="not found"):
        registry.get(pods, "default", "p")


def test_replica_sets_and_pods_go_after_their_deployment(registry: Registry) -> None:
    deployments, sets = registry.resource("deployments", "apps"), registry.resource("replicasets", "apps")
    owner = registry.create(deployments, "default", deployment())
    reference = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "web",
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    owned = deployment("web-1") | {"kind": "ReplicaSet"}
    owned["metadata"]["ownerReferences"] = [reference]
    registry.create(sets, "default", owned)
    registry.delete(deployments, "default", "web")
    assert registry.list(sets, "default")["items"] == []


def test_a_thousand_writes_keep_lists_by_label_small(registry: Registry) -> None:
    maps = registry.resource("configmaps")
    for number in range(1000):
        obj = config_map(f"c{number}")
        obj["metadata"]["labels"] = {"store": f"s{number // 10}"}
        registry.create(maps, "default", obj)
    found = registry.list(maps, label_selector="store=s7")["items"]
    assert [item["metadata"]["name"] for item in found] == [f"c{number}" for number in range(70, 80)]
