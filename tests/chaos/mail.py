"""What becomes of Celery's messages: delivered, lost, or sent twice, as a file tells every worker of a rig.

A message is lost where it arrives, which for the platform is the same as anywhere on its way. To know whom it is from,
each sender writes itself into the headers.
"""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from celery import Celery, current_task
from celery.signals import after_task_publish, before_task_publish

SWEEP = "provisioner.operations.tasks.sweep"
LINK = "provisioner.pipelines.tasks.run_link"
ADMIT = "provisioner.operations.tasks.admit"
TAIL = "the chain"
"""The sender of every link after the first of a chain: Celery, once the task before has returned."""

_HEADER = "chaos_sender"
in_a_task: contextvars.ContextVar[bool] = contextvars.ContextVar("in_a_task", default=False)


class Weather(StrEnum):
    """What happens to messages."""

    FAIR = "fair"
    ONLY_SWEEPS = "every link and every admission that no sweep has sent is lost"
    NO_TAILS = "every link after the first of its chain is lost"
    DOUBLE = "everything is sent twice"


class Mail:
    """The weather of one rig, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def weather(self) -> Weather:
        """The present one."""
        return Weather(self._file.read_text()) if self._file.exists() else Weather.FAIR

    @contextmanager
    def during(self, weather: Weather) -> Iterator[None]:
        """Change it for a while, for all processes at once."""
        present = self.weather
        self._write(weather)
        try:
            yield
        finally:
            self._write(present)

    def loses(self, name: str, request: Any) -> bool:
        """Whether the message that carried this task counts as lost."""
        weather, sender = self.weather, request.get(_HEADER) or "somebody outside"
        if weather == Weather.ONLY_SWEEPS:
            return name in (LINK, ADMIT) and sender != SWEEP
        return weather == Weather.NO_TAILS and name == LINK and sender == TAIL

    def _write(self, weather: Weather) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(weather)
        fresh.replace(self._file)


def sign(headers: dict[str, Any], **_: Any) -> None:
    """Write the sender into a message's headers."""
    if current_task:
        headers[_HEADER] = current_task.name if in_a_task.get() else TAIL


def watch(app: Celery, mail: Mail) -> None:
    """Sign this process' messages, and send them twice while the weather says so."""

    def send_again(headers: dict[str, Any], body: Any, exchange: str, routing_key: str, **_: Any) -> None:
        if mail.weather != Weather.DOUBLE:
            return
        with app.producer_or_acquire() as producer:
            producer.publish(
                body,
                exchange=exchange,
                routing_key=routing_key,
                headers=headers,
                correlation_id=headers["id"],
                serializer="json",
                retry=True,
            )

    before_task_publish.connect(sign, weak=False, dispatch_uid="chaos")
    after_task_publish.connect(send_again, weak=False, dispatch_uid="chaos")


def unwatch() -> None:
    """Stop doing so."""
    before_task_publish.disconnect(sign, dispatch_uid="chaos")
    after_task_publish.disconnect(dispatch_uid="chaos")
