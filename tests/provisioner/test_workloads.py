"""Reading a workload's status."""

from typing import Any

import pytest

from provisioner import workloads


def deployment(replicas: int = 1, generation: int = 1, **status: int) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "spec": {"replicas": replicas}, "status": status}


CASES = {
    "nothing there": (None, False),
    "no status yet": (deployment(), False),
    "ready": (deployment(observedGeneration=1, readyReplicas=1, updatedReplicas=1), True),
    "ready, but of an older generation": (
        deployment(generation=2, observedGeneration=1, readyReplicas=1, updatedReplicas=1),
        False,
    ),
    "half of the replicas": (deployment(2, observedGeneration=1, readyReplicas=1, updatedReplicas=2), False),
    "old pods are ready, new ones are not": (
        deployment(1, observedGeneration=1, readyReplicas=1, updatedReplicas=0),
        False,
    ),
    "a StatefulSet that never was updated has no such count": (
        deployment(observedGeneration=1, readyReplicas=1),
        True,
    ),
    "going away": (
        {
            "metadata": {"generation": 1, "deletionTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {},
            "status": {"observedGeneration": 1, "readyReplicas": 1},
        },
        False,
    ),
}


@pytest.mark.parametrize(("workload", "expected"), CASES.values(), ids=CASES.keys())
def test_a_workload_is_ready_when_the_wanted_generation_serves(workload: Any, expected: bool) -> None:
    assert workloads.is_ready(workload) is expected


def pod(reason: str, name: str = "medusa", message: str = "m") -> dict[str, Any]:
    waiting = {"state": {"waiting": {"reason": reason, "message": message}}, "name": name}
    return {"status": {"containerStatuses": [waiting]}}


def test_a_wait_is_described_by_the_first_complaint() -> None:
    assert workloads.describe([], "backend") == "the backend's pod to be made"
    assert workloads.describe([pod("ContainerCreating")], "backend") == "the backend to answer its readiness probe"
    assert workloads.describe([pod("CrashLoopBackOff")], "backend") == (
        "the backend: container medusa is in CrashLoopBackOff"
    )
    unscheduled = {"status": {"conditions": [{"type": "PodScheduled", "status": "False", "message": "no memory"}]}}
    assert workloads.describe([unscheduled], "database") == "the database: no node has room (no memory)"


def test_only_what_waiting_cannot_mend_is_hopeless() -> None:
    assert workloads.hopeless_reason([pod("CrashLoopBackOff"), pod("ImagePullBackOff")]) == ""
    assert workloads.hopeless_reason([pod("InvalidImageName")]) == "InvalidImageName in container medusa: m"
