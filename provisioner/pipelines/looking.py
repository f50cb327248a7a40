"""What a link that was just delivered should do: decided from the operation's rows alone."""

from collections.abc import Sequence
from enum import Enum

from provisioner.operations.models import FINISHED, OperationState, StepState


class Verdict(Enum):
    """What a link that was just delivered should do."""

    ACT = "act"
    GO_ON = "go on"
    STOP = "stop"


def look(operation_state: str, steps: Sequence[tuple[str, str]], name: str) -> Verdict:
    """Decide from rows alone; `steps` are (name, state) in order.

    GO_ON lets the chain pass over a link that is done already; STOP ends this chain, because the operation is over
    or an earlier link isn't done. ACT is for the claim to confirm: another worker may hold the step.
    """
    if operation_state != OperationState.RUNNING:
        return Verdict.STOP
    for step, state in steps:
        if step == name:
            if state in FINISHED:
                return Verdict.GO_ON
            return Verdict.ACT if state not in (StepState.FAILED, StepState.CANCELLED) else Verdict.STOP
        if state not in FINISHED:
            return Verdict.STOP
    return Verdict.STOP
