"""Holding a step: the owner's name, the heartbeat, and the fence that a side effect asks before it acts."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from provisioner.operations.models import OperationState, Step, StepState

HEARTBEAT_SECONDS = 5.0
STALE_AFTER = timedelta(seconds=25)

log = structlog.get_logger(__name__)


class LeaseLost(Exception):
    """Somebody else holds the step now, or the operation was cancelled: stop without a trace."""


@dataclass(frozen=True)
class Lease:
    """One claim of one step."""

    step_id: int
    owner: str
    fence: int

    def check(self) -> None:
        """Raise LeaseLost unless the claim still stands; called right before each side effect."""
        holds = Step.objects.filter(
            pk=self.step_id,
            owner=self.owner,
            fence=self.fence,
            state=StepState.RUNNING,
            operation__state=OperationState.RUNNING,
        )
        if not holds.exists():
            raise LeaseLost(f"step {self.step_id} is no longer held by {self.owner}")

    def beat(self) -> None:
        """Say that the owner is alive. A fence that moved doesn't matter here: the owner may still be acting."""
        Step.objects.filter(pk=self.step_id, owner=self.owner).update(heartbeat_at=timezone.now())

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Beat from a thread of its own for as long as the block runs."""
        stop = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(stop,), name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(timeout=HEARTBEAT_SECONDS)

    def _beat_until(self, stop: threading.Event) -> None:
        try:
            while not stop.wait(HEARTBEAT_SECONDS):
                try:
                    self.beat()
                except DatabaseError as error:
                    log.warning("heartbeat missed", step_id=self.step_id, error=type(error).__name__)
                    connection.close()
        finally:
            connection.close()


def own_name() -> str:
    """`host:pid:start` of this process: no two processes of one host ever share it."""
    return _name_of(os.getpid())


@cache
def _name_of(pid: int) -> str:
    return f"{socket.gethostname()}:{pid}:{_start_of(pid)}"


def is_surely_dead(owner: str) -> bool:
    """True when the owner was a process of this very host and is gone; another host can't be judged from here."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    return _start_of(int(rest)) != owner.rpartition(":")[2]


def _start_of(pid: int) -> str:
    """When the process started, in clock ticks since boot (proc(5), field 22); empty when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
