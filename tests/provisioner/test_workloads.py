"""Reading a workload's status."""

from typing import Any

import pytest

from provisioner import workloads


def deployment(wanted: int = 1, generation: int = 1, **status: int) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "spec": {"replicas": wanted}, "status": status}


CASES = {
    "nothing there": (None, False),
    "no status yet": (deployment(), False),
    "ready": (deployment(observedGeneration=1, replicas=1, readyReplicas=1, updatedReplicas=1), True),
    "none wanted and none there": (deployment(0, observedGeneration=1), True),
    "none wanted and one left": (deployment(0, observedGeneration=1, replicas=1, readyReplicas=1), False),
    "ready, but of an older generation": (
        deployment(generation=2, observedGeneration=1, replicas=1, readyReplicas=1, updatedReplicas=1),
        False,
    ),
    "half of the replicas": (
        deployment(2, observedGeneration=1, replicas=2, readyReplicas=1, updatedReplicas=2),
        False,
    ),
    # The first status of a new generation: a count of zero is left out.
    "the old pod is ready, no new one is there": (
        deployment(generation=2, observedGeneration=2, replicas=1, readyReplicas=1),
        False,
    ),
    "the old pod is ready, the new one is not": (
        deployment(generation=2, observedGeneration=2, replicas=2, readyReplicas=1, updatedReplicas=1),
        False,
    ),
    "both are ready, the old one is still there": (
        deployment(generation=2, observedGeneration=2, replicas=2, readyReplicas=2, updatedReplicas=1),
        False,
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


def images(**named: str) -> list[dict[str, str]]:
    return [{"name": name, "image": image} for name, image in named.items()]


@pytest.mark.parametrize(
    ("init", "containers", "expected"),
    [
        ({"prepare": "shop:2"}, {"medusa": "shop:2"}, True),
        ({"prepare": "shop:2"}, {"medusa": "Shop:1"}, False),
        ({"prepare": "Shop:1"}, {"medusa": "shop:2"}, False),
        ({"prepare": "shop:2"}, {"medusa": "shop:2", "mesh": "injected:9"}, True),
        ({}, {}, False),
    ],
)
def test_a_pod_is_of_the_present_template_when_it_runs_its_images(
    init: dict[str, str], containers: dict[str, str], expected: bool
) -> None:
    template = {"initContainers": images(prepare="shop:2"), "containers": images(medusa="shop:2")}
    workload = {"spec": {"template": {"spec": template}}}
    pod = {"spec": {"initContainers": images(**init), "containers": images(**containers)}}
    assert workloads.is_of_present_template(workload, pod) is expected
    assert workloads.is_of_present_template(None, pod)


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


def test_a_deployment_that_may_make_no_pod_says_why() -> None:
    message = 'pods "backend-1" is forbidden: exceeded quota: store'
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    others = [{"type": "Progressing", "status": "True", "message": "ReplicaSet is progressing."}]

    def said(*conditions: dict[str, Any]) -> str:
        return workloads.describe([], "backend", {"status": {"conditions": [*others, *conditions]}})

    assert said(refused) == f"the backend's pod to be made: {message}"
    assert said({**refused, "status": "False"}) == said() == "the backend's pod to be made"


def test_only_what_waiting_cannot_mend_is_hopeless() -> None:
    assert workloads.hopeless_reason([pod("CrashLoopBackOff"), pod("ImagePullBackOff")]) == ""
    assert workloads.hopeless_reason([pod("InvalidImageName")]) == "InvalidImageName in container medusa: m"
    leaving = {**pod("InvalidImageName"), "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}
    assert workloads.hopeless_reason([leaving]) == ""


@pytest.mark.parametrize(
    ("message", "hopeless"),
    [
        ('secret "store-credentials" not found', True),
        ("couldn't find key JWT_SECRET in Secret store-x/store-credentials", True),
        ("failed to sync secret cache: timed out waiting for the condition", False),
    ],
)
def test_a_secret_that_the_kubelet_has_not_read_yet_is_waited_for(message: str, hopeless: bool) -> None:
    found = workloads.hopeless_reason([pod("CreateContainerConfigError", message=message)])
    assert found == (f"CreateContainerConfigError in container medusa: {message}" if hopeless else "")
