"""What a step may answer when it was asked to act."""

from dataclasses import dataclass

from stores.changes import ConditionChange
from stores.choices import EventType


@dataclass(frozen=True)
class Done:
    """The step's aim is reached, as seen in the cluster just now."""

    event: EventType | None
    message: str
    conditions: tuple[ConditionChange, ...] = ()


@dataclass(frozen=True)
class Wait:
    """Not yet: look again in `delay` seconds (0: at once, the step itself has waited already)."""

    waiting_for: str
    delay: float = 0.0


class StepFailed(Exception):
    """A step knows that trying again can't help. `reason` is CamelCase; the message is a sentence for a person."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
