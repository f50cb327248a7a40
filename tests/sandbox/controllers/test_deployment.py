"""Deployments with real pod processes."""

from __future__ import annotations

from typing import Any

from sandbox.controllers.objects import find_condition
from tests.sandbox.world import World, deployment, is_ready

Obj = dict[str, Any]
REVISION = "deployment.kubernetes.io/revision"


def status_of(world: World, name: str = "web") -> Obj:
    found = world.get("Deployment", name) or {}
    status: Obj = found.get("status") or {}
    return status


def is_rolled_out(world: World, name: str = "web") -> bool:
    """What `kubectl rollout status` waits for."""
    found = world.get("Deployment", name) or {}
    status, wanted = found.get("status") or {}, found["spec"]["replicas"]
    current = status.get("observedGeneration", 0) >= found["metadata"]["generation"]
    counts = [status.get(field, 0) for field in ("updatedReplicas", "replicas", "availableReplicas")]
    return current and counts == [wanted] * 3


async def test_a_deployment_becomes_available_and_tells_so(world: World) -> None:
    world.create(deployment(replicas=2))
    await world.until(lambda: is_rolled_out(world))

    status = status_of(world)
    assert {name: status[name] for name in status if name != "conditions"} == {
        "replicas": 2,
        "updatedReplicas": 2,
        "readyReplicas": 2,
        "availableReplicas": 2,
        "observedGeneration": 1,
    }
    available = find_condition(status["conditions"], "Available") or {}
    progressing = find_condition(status["conditions"], "Progressing") or {}
    assert (available["status"], available["reason"]) == ("True", "MinimumReplicasAvailable")
    assert (progressing["status"], progressing["reason"]) == ("True", "NewReplicaSetAvailable")
    (replica_set,) = world.list("ReplicaSet")
    assert replica_set["metadata"]["annotations"][REVISION] == "1"
    assert [e["message"] for e in world.events("ScalingReplicaSet")] == [
        f"Scaled up replica set {replica_set['metadata']['name']} from 0 to 2"
    ]


async def test_a_changed_template_replaces_the_pods_and_never_serves_with_fewer(world: World) -> None:
    world.create(deployment())
    first = await world.ready_pod("web")
    lowest = [1]
    world.plane.cluster.cache("deployments", "apps").handlers.append(
        lambda _, new: lowest.append((new or {}).get("status", {}).get("availableReplicas", 0))
    )

    restarted = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    world.merge("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": restarted}}}})
    second = await world.ready_pod("web", unlike=first["metadata"]["uid"])
    await world.until(lambda: is_rolled_out(world) and len(world.pods()) == 1)

    assert world.pods()[0]["metadata"]["uid"] == second["metadata"]["uid"]
    assert min(lowest) == 1
    found = world.get("Deployment", "web") or {}
    assert found["metadata"]["annotations"][REVISION] == "2"
    old, new = sorted(world.list("ReplicaSet"), key=lambda rs: rs["spec"]["replicas"])
    assert (old["spec"]["replicas"], new["metadata"]["annotations"][REVISION]) == (0, "2")


async def test_a_rollback_takes_the_old_set_with_a_new_revision(world: World) -> None:
    world.create(deployment())
    first = await world.until(lambda: is_rolled_out(world) and world.list("ReplicaSet"))
    world.merge("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}})
    await world.until(lambda: is_rolled_out(world) and len(world.list("ReplicaSet")) == 2)

    world.merge("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": None}}}})
    await world.until(lambda: is_rolled_out(world) and len(world.pods()) == 1)

    back = world.get("ReplicaSet", first[0]["metadata"]["name"]) or {}
    assert (back["spec"]["replicas"], back["metadata"]["annotations"][REVISION]) == (1, "3")


async def test_scaling_up_and_down_follows_replicas(world: World) -> None:
    world.create(deployment())
    await world.until(lambda: is_rolled_out(world))
    world.merge("Deployment", "web", {"spec": {"replicas": 3}})
    await world.until(lambda: is_rolled_out(world) and len(world.pods()) == 3)
    world.merge("Deployment", "web", {"spec": {"replicas": 0}})
    await world.until(lambda: not world.pods() and not status_of(world).get("replicas"))


async def test_a_rollout_that_fails_says_so_after_its_deadline(world: World) -> None:
    broken = deployment()
    broken["spec"]["progressDeadlineSeconds"] = 1
    broken["spec"]["template"]["spec"]["containers"][0]["image"] = "test/missing:1"
    world.create(broken)

    def late() -> bool:
        condition = find_condition(status_of(world).get("conditions"), "Progressing") or {}
        return condition.get("reason") == "ProgressDeadlineExceeded"

    await world.until(late)
    available = find_condition(status_of(world)["conditions"], "Available") or {}
    assert (available["status"], available["reason"]) == ("False", "MinimumReplicasUnavailable")


async def test_recreate_stops_the_old_pod_before_the_new_one_starts(world: World) -> None:
    made = deployment()
    made["spec"]["strategy"] = {"type": "Recreate"}
    world.create(made)
    first = await world.ready_pod("web")
    most = [0]
    world.plane.cluster.cache("pods").handlers.append(lambda *_: most.append(len(world.pods())))
    world.merge("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": {"version": "2"}}}}})
    await world.ready_pod("web", unlike=first["metadata"]["uid"])
    assert max(most) == 1


async def test_a_deleted_pod_is_replaced(world: World) -> None:
    world.create(deployment())
    first = await world.ready_pod("web")
    world.delete("Pod", first["metadata"]["name"])
    second = await world.ready_pod("web", unlike=first["metadata"]["uid"])
    assert second["metadata"]["name"] != first["metadata"]["name"]


async def test_a_pod_that_is_refused_again_and_again_is_told_once_and_comes_when_it_may(world: World) -> None:
    """Each refusal names another pod: were it told each time, each would bring on the next one at once."""
    quota = {"metadata": {"name": "no-pods"}, "spec": {"hard": {"pods": "0"}}}
    world.create({"apiVersion": "v1", "kind": "ResourceQuota", **quota})
    world.create(deployment())
    await world.until(lambda: len(world.events("FailedCreate")) >= 3)
    (told,) = world.list("ReplicaSet")

    await world.until(lambda: len(world.events("FailedCreate")) >= 6)

    (same,) = world.list("ReplicaSet")
    assert same["metadata"]["resourceVersion"] == told["metadata"]["resourceVersion"]
    condition = find_condition(same["status"]["conditions"], "ReplicaFailure")
    assert condition is not None
    assert condition["reason"] == "FailedCreate"
    world.delete("ResourceQuota", "no-pods")
    await world.ready_pod("web")
    (mended,) = world.list("ReplicaSet")
    assert find_condition(mended["status"].get("conditions"), "ReplicaFailure") is None


async def test_nothing_is_written_when_nothing_changes(world: World) -> None:
    world.create(deployment(replicas=2))
    await world.until(lambda: is_rolled_out(world) and all(map(is_ready, world.pods())))
    before = {obj["metadata"]["uid"]: obj["metadata"]["resourceVersion"] for obj in everything(world)}
    for controller in [*world.plane.controllers, world.plane.kubelet]:
        for obj in everything(world):
            controller.queue.add((obj["metadata"]["namespace"], obj["metadata"]["name"]))
    await world.until(lambda: all(controller.queue.idle() for controller in world.plane.controllers))
    after = {obj["metadata"]["uid"]: obj["metadata"]["resourceVersion"] for obj in everything(world)}
    assert after == before


def everything(world: World) -> list[Obj]:
    return [obj for kind in ("Deployment", "ReplicaSet", "Pod") for obj in world.list(kind)]
