"""Waiting for a condition, with a bound that is generous: these tests run on machines that others use too."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = float(os.environ.get("CHAOS_PATIENCE_SECONDS", "180"))
_LOOK_EVERY_SECONDS = 0.05


class Impatient(AssertionError):
    """What was waited for did not come."""


def until(
    look: Callable[[], T | None], what: str | Callable[[], str], seconds: float = PATIENCE_SECONDS, every: float = 0.05
) -> T:
    """The first answer of `look` that counts as true. Raises Impatient, naming `what`, after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Impatient(f"waited {seconds:.0f} s for {what if isinstance(what, str) else what()}")
        time.sleep(max(every, _LOOK_EVERY_SECONDS))
