"""Why a piece of work is where it is, in one sentence for a person: decided from its rows alone."""

from dataclasses import dataclass
from datetime import UTC, datetime

from provisioner.operations.models import OperationState, StepState


@dataclass(frozen=True)
class Situation:
    """An operation as its rows tell, with its present step; `due_at` is when that one may be tried again.

    `place` is the place in the queue (1 is next), None for one that can't start yet because an earlier store of the
    same name is still being removed. `held` is whether somebody may still be acting for the step.
    """

    state: str
    place: int | None = None
    slots: int = 0
    label: str = ""
    step_state: str = ""
    held: bool = False
    waiting_for: str = ""
    attempt: int = 0
    due_at: datetime | None = None
    error: str = ""
    blocker: str = ""


def explain(at: Situation, now: datetime | None) -> str:
    """The sentence; empty for an operation that succeeded.

    Without `now` it names the moment of the next attempt in place of the seconds until then, so that it stays the same.
    """
    if at.state == OperationState.QUEUED:
        return _queued(at)
    if at.state == OperationState.FAILED:
        return at.error
    if at.state == OperationState.CANCELLED:
        return "It was stopped before it was done."
    if at.state == OperationState.RUNNING:
        return _running(at, now)
    return ""


def _queued(at: Situation) -> str:
    if at.place is None:
        return "It waits until the earlier store of the same name is gone."
    return f"It waits for one of the {at.slots} slots; its place in the queue is {at.place}."


def _running(at: Situation, now: datetime | None) -> str:
    if at.blocker:
        return f"{at.label} is held up: {at.blocker.rstrip('.')}."
    if at.step_state == StepState.RUNNING:
        return f"{at.label} waits for {at.waiting_for}." if at.waiting_for else f"{at.label} is under way."
    if at.held:
        return f"{at.label} waits until the worker that was stopped in the middle of it has let go."
    if at.error and at.due_at is not None:
        return f"{at.label} failed {at.attempt} time(s) and is tried again {_when(at.due_at, now)}: {at.error}"
    if at.waiting_for:
        return f"{at.label} waits for {at.waiting_for}."
    return f"{at.label} is next; its message is on its way to a worker."


def _when(due_at: datetime, now: datetime | None) -> str:
    if now is None:
        return f"at {due_at.astimezone(UTC):%H:%M:%S} UTC"
    return f"in {max(0.0, (due_at - now).total_seconds()):.0f} s"
