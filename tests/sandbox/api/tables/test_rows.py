"""Rows that kubectl prints."""

from typing import Any

import pytest

from sandbox.api.tables.ages import human_duration
from sandbox.api.tables.kinds import PRINTERS


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (150, "2m30s"),
        (600, "10m"),
        (10799, "179m"),
        (10800, "3h"),
        (11100, "3h5m"),
        (172799, "47h"),
        (172800, "2d"),
        (176400, "2d1h"),
        (691200, "8d"),
        (63072000, "2y"),
        (64000000, "2y10d"),
        (-5, "<invalid>"),
    ],
)
def test_durations_are_rounded_as_kubectl_does(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def pod(status: dict[str, Any], **meta: Any) -> list[Any]:
    spec = {"containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "i"}]}
    return PRINTERS["/pods"].row({"metadata": {"name": "p", **meta}, "spec": spec, "status": status})


def container(name: str, *, ready: bool = False, restarts: int = 0, **state: Any) -> dict[str, Any]:
    return {"name": name, "ready": ready, "restartCount": restarts, "state": state}


DONE = container("i", terminated={"exitCode": 0, "reason": "Completed"})


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"phase": "Pending"}, ["0/2", "Pending", "0"]),
        ({"phase": "Pending", "initContainerStatuses": [container("i", running={})]}, ["0/2", "Init:0/1", "0"]),
        (
            {"phase": "Pending", "initContainerStatuses": [container("i", terminated={"exitCode": 1})]},
            ["0/2", "Init:ExitCode:1", "0"],
        ),
        (
            {
                "phase": "Running",
                "initContainerStatuses": [DONE],
                "containerStatuses": [container("a", ready=True, running={}), container("b", running={})],
            },
            ["1/2", "Running", "0"],
        ),
        (
            {
                "phase": "Running",
                "initContainerStatuses": [DONE],
                "containerStatuses": [
                    container("a", ready=True, running={}),
                    container("b", restarts=3, waiting={"reason": "CrashLoopBackOff"}),
                ],
            },
            ["1/2", "CrashLoopBackOff", "3"],
        ),
        (
            {"phase": "Succeeded", "containerStatuses": [container("a", terminated={"reason": "Completed"})]},
            ["0/2", "Completed", "0"],
        ),
    ],
)
def test_a_pods_status_is_the_word_that_helps(status: dict[str, Any], shown: list[str]) -> None:
    assert pod(status)[1:4] == shown


def test_a_pod_that_goes_is_terminating() -> None:
    assert pod({"phase": "Running"}, deletionTimestamp="2026-01-01T00:00:00Z")[2] == "Terminating"


def test_services_claims_and_ingresses_have_their_columns() -> None:
    service = {
        "metadata": {"name": "s"},
        "spec": {"type": "ClusterIP", "clusterIP": "127.1.1.1", "ports": [{"port": 80}]},
    }
    assert PRINTERS["/services"].row(service)[:5] == ["s", "ClusterIP", "127.1.1.1", "<none>", "80/TCP"]
    claim = {
        "metadata": {"name": "c"},
        "spec": {"volumeName": "v", "storageClassName": "standard"},
        "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]},
    }
    assert PRINTERS["/persistentvolumeclaims"].row(claim)[:6] == ["c", "Bound", "v", "1Gi", "RWO", "standard"]
    ingress = {"metadata": {"name": "i"}, "spec": {"rules": [{"host": "a.localhost"}]}}
    assert PRINTERS["networking.k8s.io/ingresses"].row(ingress)[:5] == ["i", "<none>", "a.localhost", "", "80"]
