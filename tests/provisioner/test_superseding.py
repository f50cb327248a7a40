"""Which pods a StatefulSet would never replace."""

from typing import Any

import pytest

from provisioner.superseding import superseded


def stateful_set(generation: int = 2, **status: Any) -> dict[str, Any]:
    return {"metadata": {"generation": generation}, "status": {"observedGeneration": 2, **status}}


def pod(revision: str, *, ready: bool = False, **metadata: Any) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    labels = {"controller-revision-hash": revision}
    return {"metadata": {"labels": labels, **metadata}, "status": {"conditions": conditions}}


CASES = {
    "broken, and of an older template": (stateful_set(updateRevision="new"), pod("old"), True),
    "never looked at by a kubelet": (
        stateful_set(updateRevision="new"),
        {"metadata": {"labels": {"controller-revision-hash": "old"}}},
        True,
    ),
    "of an older template, and ready: it is replaced in its turn": (
        stateful_set(updateRevision="new"),
        pod("old", ready=True),
        False,
    ),
    "of this template, and starting": (stateful_set(updateRevision="new"), pod("new"), False),
    "on its way out": (stateful_set(updateRevision="new"), pod("old", deletionTimestamp="2026-01-01T00:00:00Z"), False),
    "a status of the template before": (stateful_set(generation=3, updateRevision="new"), pod("old"), False),
    "no status yet": ({"metadata": {"generation": 1}}, pod("old"), False),
    "no StatefulSet": (None, pod("old"), False),
}


@pytest.mark.parametrize(("found", "each", "is_left"), CASES.values(), ids=CASES)
def test_only_a_broken_pod_of_an_older_template_is_left_behind(
    found: dict[str, Any] | None, each: dict[str, Any], is_left: bool
) -> None:
    assert superseded(found, [each]) == ([each] if is_left else [])
