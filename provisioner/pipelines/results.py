"""What a step may answer when it was asked to act."""

from dataclasses import dataclass

from stores.changes import ConditionChange
from stores.choices import EventType


@dataclass(frozen=True)
class Done:
    """The step's aim is reached, as seen in the cluster just now; `skipped` when there was nothing to do for it."""

    event: EventType | None
    message: str
    conditions: tuple[ConditionChange, ...] = ()
    skipped: bool = False


@dataclass(frozen=True)
class Wait:
    """Not yet: look again in `delay` seconds (0: at once, the step itself has waited already).

    `blocked` when this has lasted so long that a person should know what it waits for.
    """

    waiting_for: str
    delay: float = 0.0
    blocked: bool = False


NOTHING_THERE = Done(None, "", skipped=True)


class StepFailed(Exception):
    """A step knows that trying again can't help. `reason` is CamelCase; the message is a sentence for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
