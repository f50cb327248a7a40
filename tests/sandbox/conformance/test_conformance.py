"""Runs the table of requests and expected answers (`table/*.yaml`) against the stand-in, or against a cluster.

`KUBECONFIG=~/.kube/config pytest tests/sandbox/conformance` asks a real cluster the same.
Each case has a namespace of its own, `<ns>`, and removes what it made outside of it (`cleanup`).
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.sandbox.conformance.cases import at, differences, filled, load
from tests.sandbox.conformance.cluster import watch_events

CASES = load()
PATIENCE = 90.0  # seconds; for what a cluster does in its own time
_numbers = itertools.count()


@pytest.fixture
def names(cluster: httpx.Client, run_name: str) -> Iterator[dict[str, Any]]:
    """A new namespace with its default account, and the placeholders of a case."""
    namespace = f"{run_name}-{next(_numbers)}"
    made = cluster.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
    assert made.status_code == httpx.codes.CREATED, made.text
    _until(lambda: cluster.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/default").is_success)
    yield {"ns": namespace, "run": run_name}
    _free(cluster, namespace)
    cluster.delete(f"/api/v1/namespaces/{namespace}")


def _free(cluster: httpx.Client, namespace: str) -> None:
    """A case that failed midway must not leave finalizers that hold its namespace for ever."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    for item in cluster.get(path).json().get("items", ()):
        if item["metadata"].get("finalizers"):
            patch = json.dumps({"metadata": {"finalizers": None}})
            headers = {"Content-Type": "application/merge-patch+json"}
            cluster.patch(f"{path}/{item['metadata']['name']}", content=patch, headers=headers)


def _until(check: Any) -> Any:
    end = time.monotonic() + PATIENCE
    while not (found := check()):
        assert time.monotonic() < end, f"waited {PATIENCE:g} s in vain"
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_the_answer_is_what_kubernetes_answers(case: Any, cluster: httpx.Client, names: dict[str, Any]) -> None:
    try:
        for number, step in enumerate(case["steps"]):
            _run(cluster, step, names, f"step {number}: {step.get('do') or step.get('watch')}")
    finally:
        for path in case.get("cleanup", ()):
            cluster.delete(filled(path, names))


def _run(cluster: httpx.Client, step: Any, names: dict[str, Any], label: str) -> None:
    if "watch" in step:
        _watch(cluster, filled(step, names), label)
        return
    told: list[str] = []

    def attempt() -> httpx.Response | None:
        response = _send(cluster, filled(step, names))
        told[:] = _judge(filled(step, names), response)
        return None if told else response

    response = _until_right(attempt, told, label) if step.get("eventually") else attempt()
    assert response is not None, f"{label}\n" + "\n".join(told)
    for name, path in (step.get("save") or {}).items():
        names[name] = at(response.json(), path)


def _until_right(attempt: Any, told: list[str], label: str) -> httpx.Response:
    end = time.monotonic() + PATIENCE
    while True:
        response: httpx.Response | None = attempt()
        if response is not None:
            return response
        assert time.monotonic() < end, f"{label}, after {PATIENCE:g} s\n" + "\n".join(told)
        time.sleep(0.1)


def _send(cluster: httpx.Client, step: Any) -> httpx.Response:
    method, path = step["do"].split(" ", 1)
    headers = {"Accept": step.get("accept", "application/json"), "User-Agent": "conformance/1.0"}
    if "as" in step:
        headers["Impersonate-User"] = step["as"]
    content = None
    if "text" in step:
        content = step["text"]
    elif "body" in step:
        content = json.dumps(step["body"])
    if content is not None:
        headers["Content-Type"] = step.get("type", "application/json")
    return cluster.request(method, path, content=content, headers=headers)


def _judge(step: Any, response: httpx.Response) -> list[str]:
    told = []
    if response.status_code != step["expect"]:
        told.append(f"expected {step['expect']}, got {response.status_code}: {response.text[:600]}")
    if "answer" in step:
        told += differences(step["answer"], response.json())
    if "plain" in step:
        told += differences(step["plain"], response.text)
    if "warnings" in step:
        found = [value.split('"', 1)[1][:-1] for value in response.headers.get_list("Warning")]
        told += differences(step["warnings"], found)
    return told


def _watch(cluster: httpx.Client, step: Any, label: str) -> None:
    headers = {"Accept": step.get("accept", "application/json")}
    events = watch_events(cluster, step["watch"], len(step["events"]), headers)
    told = differences(step["events"], events)
    assert not told, f"{label}\n" + "\n".join(told)
