"""What a person is told about an operation's standing."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioner.operations.explanation import Situation, explain
from provisioner.operations.models import OperationState, StepState

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUNNING = OperationState.RUNNING

CASES = {
    "in the queue": (
        Situation(OperationState.QUEUED, place=4, slots=3),
        "It waits for one of the 3 slots; its place in the queue is 4.",
    ),
    "behind a removal of the same name": (
        Situation(OperationState.QUEUED),
        "It waits until the earlier store of the same name is gone.",
    ),
    "a step that watches": (
        Situation(RUNNING, label="Backend", step_state=StepState.RUNNING, waiting_for="the backend's pod to be made"),
        "Backend waits for the backend's pod to be made.",
    ),
    "a step between two looks": (
        Situation(RUNNING, label="Backend", step_state=StepState.WAITING, waiting_for="the backend's pod to be made"),
        "Backend waits for the backend's pod to be made.",
    ),
    "a step that failed and is tried again": (
        Situation(
            RUNNING,
            label="Helm",
            step_state=StepState.WAITING,
            attempt=2,
            due_at=NOW + timedelta(seconds=7),
            error="The cluster is busy.",
        ),
        "Helm failed 2 time(s) and is tried again in 7 s: The cluster is busy.",
    ),
    "a step whose turn it is": (
        Situation(RUNNING, label="Helm", step_state=StepState.PENDING),
        "Helm is next; its message is on its way to a worker.",
    ),
    "a rewound step whose owner still acts": (
        Situation(RUNNING, label="Helm", step_state=StepState.PENDING, held=True),
        "Helm waits until the worker that was stopped in the middle of it has let go.",
    ),
    "a removal that is held up": (
        Situation(RUNNING, label="Namespace", step_state=StepState.WAITING, blocker="a finalizer remains."),
        "Namespace is held up: a finalizer remains.",
    ),
    "failed": (Situation(OperationState.FAILED, error="It broke. Retry it."), "It broke. Retry it."),
    "cancelled": (Situation(OperationState.CANCELLED), "It was stopped before it was done."),
    "succeeded": (Situation(OperationState.SUCCEEDED), ""),
}


@pytest.mark.parametrize(("situation", "expected"), CASES.values(), ids=CASES.keys())
def test_a_person_is_told_why_it_is_where_it_is(situation: Situation, expected: str) -> None:
    assert explain(situation, NOW) == expected


def test_what_stays_to_be_read_names_the_moment_of_the_next_attempt() -> None:
    failed, _ = CASES["a step that failed and is tried again"]

    assert explain(failed, None) == "Helm failed 2 time(s) and is tried again at 12:00:07 UTC: The cluster is busy."
