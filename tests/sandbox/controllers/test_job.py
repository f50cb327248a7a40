"""Jobs with real pod processes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.controllers.job import judge, wanted_pods
from sandbox.controllers.objects import find_condition
from tests.sandbox.world import World

Obj = dict[str, Any]


def job(script: str, **spec: Any) -> Obj:
    container = {"name": "work", "image": "test/web", "command": ["sh", "-c", script]}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "work"},
        "spec": {"template": template} | spec,
    }


def condition(world: World, kind: str) -> Obj | None:
    return find_condition(((world.get("Job", "work") or {}).get("status") or {}).get("conditions"), kind)


async def test_a_job_completes(world: World) -> None:
    world.create(job("echo done", completions=1, parallelism=1))
    found = await world.until(lambda: condition(world, "Complete"))
    assert found["status"] == "True"
    status = (world.get("Job", "work") or {})["status"]
    assert (status["succeeded"], "completionTime" in status) == (1, True)
    (pod,) = world.pods()
    assert pod["status"]["phase"] == "Succeeded"


async def test_a_job_fails_after_its_last_try(world: World) -> None:
    world.create(job("exit 3", completions=1, parallelism=1, backoffLimit=0))
    found = await world.until(lambda: condition(world, "Failed"))
    assert found["reason"] == "BackoffLimitExceeded"
    (pod,) = world.pods()
    assert pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3


async def test_a_finished_job_goes_after_its_time_to_live(world: World) -> None:
    world.create(job("true", completions=1, parallelism=1, ttlSecondsAfterFinished=0))
    await world.until(lambda: world.get("Job", "work") is None and not world.pods())


async def test_restarts_of_an_init_container_count_as_tries(world: World) -> None:
    failing = job("true", completions=1, parallelism=1, backoffLimit=1)
    pods = failing["spec"]["template"]["spec"]
    pods |= {"restartPolicy": "OnFailure", "initContainers": [{**pods["containers"][0], "name": "first"}]}
    pods["initContainers"][0]["command"] = ["sh", "-c", "exit 3"]
    world.create(failing)
    found = await world.until(lambda: condition(world, "Failed"))
    assert found["reason"] == "BackoffLimitExceeded"
    await world.until(lambda: not world.pods())


@pytest.mark.parametrize(
    ("limit", "restarts", "given_up"), [(0, 0, False), (0, 1, True), (2, 1, False), (2, 2, True), (None, 5, False)]
)
@pytest.mark.parametrize("which", ["initContainerStatuses", "containerStatuses"])
def test_a_pod_that_restarts_itself_is_given_up_after_so_many_restarts(
    limit: int | None, restarts: int, given_up: bool, which: str
) -> None:
    status = {"phase": "Running", which: [{"restartCount": restarts}]}
    pod = {"status": status, "metadata": {}, "spec": {"restartPolicy": "OnFailure"}}
    assert (judge({"spec": {"backoffLimit": limit, "completions": 1}}, [pod]) is not None) == given_up


def test_parallelism_and_completions_bound_the_pods() -> None:
    done = {"status": {"phase": "Succeeded"}, "metadata": {}, "spec": {}}
    wanted: Obj = {"spec": {"completions": 3, "parallelism": 2}}
    assert wanted_pods(wanted, []) == 2
    assert wanted_pods(wanted, [done, done]) == 1
    assert (judge(wanted, [done] * 3) or {})["type"] == "Complete"
