"""StatefulSets and their volumes with real pod processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.sandbox.world import World, is_ready, stateful_set

Obj = dict[str, Any]


async def test_pods_are_made_in_order_with_stable_names_and_volumes(world: World) -> None:
    order: list[str] = []
    world.plane.cluster.cache("pods").handlers.append(
        lambda old, new: order.append(new["metadata"]["name"]) if new and not old else None
    )
    world.create(stateful_set(replicas=2))
    await world.ready_pod("db-1")

    assert order == ["db-0", "db-1"]
    claim = world.get("PersistentVolumeClaim", "data-db-0") or {}
    assert (claim["status"]["phase"], claim["spec"]["storageClassName"]) == ("Bound", "standard")
    status = await world.until(lambda: _status_of_two_ready(world), "the set to count two ready pods")
    assert status["currentRevision"] == status["updateRevision"]


def _status_of_two_ready(world: World) -> dict[str, Any] | None:
    status: dict[str, Any] = (world.get("StatefulSet", "db") or {})["status"]
    return status if status.get("readyReplicas") == 2 else None


async def test_a_volume_outlives_the_pod_and_the_set_but_not_its_claim(world: World) -> None:
    world.create(stateful_set())
    first = await world.ready_pod("db-0")
    volume = world.get(
        "PersistentVolume", (world.get("PersistentVolumeClaim", "data-db-0") or {})["spec"]["volumeName"]
    )
    folder = Path((volume or {})["spec"]["hostPath"]["path"])
    (folder / "kept").write_text("yes")

    world.delete("Pod", "db-0")
    second = await world.ready_pod("db-0", unlike=first["metadata"]["uid"])
    assert (await world.ask(second, f"/read?{folder}/kept")).text == "yes"

    world.delete("StatefulSet", "db")
    await world.until(lambda: not world.pods())
    assert (world.get("PersistentVolumeClaim", "data-db-0") or {})["status"]["phase"] == "Bound"

    world.delete("PersistentVolumeClaim", "data-db-0")
    await world.until(lambda: not world.list("PersistentVolume"))
    assert world.get("PersistentVolumeClaim", "data-db-0") is None
    await world.until(lambda: not world.files("volumes"), "the volume's folder to be gone")


async def test_a_claim_in_use_waits_for_its_pod(world: World) -> None:
    world.create(stateful_set())
    await world.ready_pod("db-0")
    world.delete("PersistentVolumeClaim", "data-db-0")
    claim = world.get("PersistentVolumeClaim", "data-db-0") or {}
    assert claim["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    world.delete("StatefulSet", "db")
    await world.until(lambda: world.get("PersistentVolumeClaim", "data-db-0") is None)
    await world.until(lambda: not world.files("volumes"), "the volume's folder to be gone")


async def test_a_rolling_update_goes_from_the_last_pod_to_the_first(world: World) -> None:
    world.create(stateful_set(replicas=2))
    await world.ready_pod("db-1")
    before = (world.get("StatefulSet", "db") or {})["status"]["currentRevision"]
    gone: list[str] = []
    world.plane.cluster.cache("pods").handlers.append(
        lambda old, new: gone.append(old["metadata"]["name"]) if old and not new else None
    )
    world.merge("StatefulSet", "db", {"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}})

    def updated() -> bool:
        status = (world.get("StatefulSet", "db") or {})["status"]
        return bool(status["updateRevision"] == status["currentRevision"] != before and status["updatedReplicas"] == 2)

    await world.until(updated)
    assert gone == ["db-1", "db-0"]
    assert all(map(is_ready, world.pods()))


async def test_a_claim_of_an_unknown_class_stays_pending_and_says_why(world: World) -> None:
    claim: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim["storageClassName"] = "fast"
    meta = {"name": "odd"}
    world.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": claim})
    (event,) = await world.until(lambda: world.events("ProvisioningFailed"))
    assert event["message"] == 'storageclass.storage.k8s.io "fast" not found'
