"""What a link does that was just delivered: once, twice, too early or too late."""

import pytest

from provisioner.operations.models import OperationState, StepState
from provisioner.pipelines.looking import Verdict, look

DONE, SKIPPED, PENDING = StepState.SUCCEEDED, StepState.SKIPPED, StepState.PENDING

CASES = {
    "its turn": ("running", [("a", DONE), ("b", PENDING)], "b", Verdict.ACT),
    "after a skipped one": ("running", [("a", SKIPPED), ("b", PENDING)], "b", Verdict.ACT),
    "a double message for a finished step": ("running", [("a", DONE), ("b", PENDING)], "a", Verdict.GO_ON),
    "too early": ("running", [("a", PENDING), ("b", PENDING)], "b", Verdict.STOP),
    "held by somebody: the claim decides": ("running", [("a", StepState.RUNNING)], "a", Verdict.ACT),
    "waiting": ("running", [("a", StepState.WAITING)], "a", Verdict.ACT),
    "failed": ("running", [("a", StepState.FAILED)], "a", Verdict.STOP),
    "cancelled step": ("running", [("a", StepState.CANCELLED)], "a", Verdict.STOP),
    "cancelled operation": ("cancelled", [("a", PENDING)], "a", Verdict.STOP),
    "queued operation": ("queued", [("a", PENDING)], "a", Verdict.STOP),
    "a name that the operation doesn't have": ("running", [("a", DONE)], "z", Verdict.STOP),
}


@pytest.mark.parametrize(("operation", "steps", "name", "expected"), CASES.values(), ids=CASES.keys())
def test_a_delivered_link_looks_before_it_acts(
    operation: str, steps: list[tuple[str, str]], name: str, expected: Verdict
) -> None:
    assert look(OperationState(operation), steps, name) == expected
