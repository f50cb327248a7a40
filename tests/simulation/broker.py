"""Celery's messages, kept in a list that the machine delivers, loses, doubles and reorders as it likes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery.canvas import Signature
from kombu.exceptions import OperationalError

from tests.simulation.clock import Clock
from tests.simulation.processes import Killed, checkpoint, here

Link = tuple[str, tuple[Any, ...]]
"""A task's name and its arguments."""


@dataclass(frozen=True)
class Message:
    """The links of a chain that are left; only the first is run. `due` is in seconds of the clock."""

    links: tuple[Link, ...]
    due: float = 0.0

    def __str__(self) -> str:
        task, arguments = self.links[0]
        return " ".join([task.rpartition(".")[2], *(str(argument)[-12:] for argument in arguments)])


class Broker:
    """What was sent and not yet taken.

    `away` is how many more attempts to publish will fail; with `web_dies` the web process ends before its next one.
    """

    def __init__(self, clock: Clock, trace: Callable[[str], None]) -> None:
        self.messages: list[Message] = []
        self.away = 0
        self.web_dies = False
        self._clock, self._trace = clock, trace

    def due(self) -> list[Message]:
        """Messages that a worker may take now."""
        return [message for message in self.messages if message.due <= self._clock.monotonic()]

    def put(self, message: Message) -> None:
        """Publish, with a moment before and after in which the sender may die."""
        checkpoint(f"before sending {message}")
        if self.web_dies and here() is None:
            self.web_dies = False
            self._trace(f"the web process dies before sending {message}")
            raise Killed
        if self.away:
            self.away -= 1
            self._trace(f"broker away for {message}")
            raise OperationalError("the broker is away")
        self.messages.append(message)
        self._trace(f"sent {message}")
        checkpoint(f"after sending {message}")

    def apply_async(self, signature: "Signature[Any]", *, countdown: float = 0, **_options: object) -> None:
        """In place of `Signature.apply_async`, also for a chain."""
        parts = signature.tasks if signature.task == "celery.chain" else [signature]
        links = tuple((str(part.task), tuple(part.args)) for part in parts)
        self.put(Message(links, self._clock.monotonic() + countdown if countdown else 0.0))
