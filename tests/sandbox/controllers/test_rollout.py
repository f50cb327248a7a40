"""The arithmetic of rolling updates, as a table."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.controllers import rollout

Obj = dict[str, Any]


def deployment(replicas: int, surge: int | str = "25%", unavailable: int | str = "25%") -> Obj:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    return {"metadata": {"generation": 2}, "spec": {"replicas": replicas, "strategy": strategy}}


def replica_set(replicas: int, available: int, name: str = "old", created: str = "2026-01-01T00:00:00Z") -> Obj:
    status = {"replicas": replicas, "availableReplicas": available}
    meta = {"name": name, "creationTimestamp": created}
    return {"metadata": meta, "spec": {"replicas": replicas}, "status": status}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "expected"),
    [
        (1, "25%", "25%", rollout.Limits(1, 0)),
        (4, "25%", "25%", rollout.Limits(1, 1)),
        (10, "30%", "30%", rollout.Limits(3, 3)),
        (3, 0, 0, rollout.Limits(0, 1)),
        (2, 0, 5, rollout.Limits(0, 2)),
    ],
)
def test_surge_is_rounded_up_and_unavailable_down(
    replicas: int, surge: int | str, unavailable: int | str, expected: rollout.Limits
) -> None:
    assert rollout.limits_of(deployment(replicas, surge, unavailable)) == expected


@pytest.mark.parametrize(
    ("wanted", "new", "old", "expected"),
    [
        (deployment(3), None, [], 3),
        (deployment(3), None, [replica_set(3, 3)], 1),
        (deployment(3), replica_set(1, 0), [replica_set(3, 3)], 1),
        (deployment(3), replica_set(1, 1), [replica_set(2, 2)], 2),
        (deployment(1), replica_set(3, 3), [], 1),
        (deployment(0), replica_set(2, 2), [], 0),
    ],
)
def test_the_new_set_grows_within_max_surge(wanted: Obj, new: Obj | None, old: list[Obj], expected: int) -> None:
    assert rollout.new_size(wanted, new, old) == expected


@pytest.mark.parametrize(
    ("wanted", "new", "old", "expected"),
    [
        # The only pod stays until the new one is available.
        (deployment(1), replica_set(1, 0), [replica_set(1, 1)], {}),
        (deployment(1), replica_set(1, 1), [replica_set(1, 1)], {"old": 0}),
        # Pods that never became available don't hold anything up.
        (deployment(1), replica_set(1, 0), [replica_set(1, 0)], {}),
        (deployment(4), replica_set(1, 0), [replica_set(4, 4)], {"old": 3}),
        (deployment(4), replica_set(2, 1), [replica_set(3, 3)], {"old": 2}),
        # Of two old sets the unhealthy one goes first.
        (deployment(4), replica_set(1, 1), [replica_set(3, 3, "a"), replica_set(1, 0, "b")], {"b": 0, "a": 2}),
    ],
)
def test_old_sets_shrink_without_costing_availability(
    wanted: Obj, new: Obj, old: list[Obj], expected: dict[str, int]
) -> None:
    assert rollout.old_sizes(wanted, new, old) == expected


def test_the_progress_deadline_counts_from_the_last_progress() -> None:
    wanted = deployment(1)
    wanted["spec"]["progressDeadlineSeconds"] = 10
    condition = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
    long_ago = {**condition, "lastUpdateTime": "2020-01-01T00:00:00Z", "lastTransitionTime": "2020-01-01T00:00:00Z"}
    status = rollout.counts(wanted, replica_set(1, 0, "new"), [])
    wanted["status"] = {**status}

    (late,) = rollout.with_progress(wanted, [long_ago], status, 'ReplicaSet "new"')

    assert (late["status"], late["reason"]) == ("False", "ProgressDeadlineExceeded")
    assert late["message"] == 'ReplicaSet "new" has timed out progressing.'


def test_a_finished_rollout_is_never_late() -> None:
    wanted = deployment(1)
    condition = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
    assert rollout.deadline_left(wanted, [{**condition, "lastUpdateTime": "2020-01-01T00:00:00Z"}]) is None
