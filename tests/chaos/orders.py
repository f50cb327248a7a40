"""Orders to be killed: a file for each, `<store>.<step>.<boundary>.<victim>`, obeyed by the first that takes it.

Tests write them and worker processes take them, so both sides of the agreement stand here. A step is named with its
pipeline, `provision-helm` or `teardown-namespace`.
"""

import json
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

BOUNDARIES = ("before-act", "during-helm", "after-act", "in-record", "after-row", "after-message")
STEPS = {
    "provision": ("namespace", "helm", "db", "backend", "storefront"),
    "teardown": ("drain", "release", "volumes", "namespace", "record"),
}
HELM_STEPS = frozenset({"provision-helm", "teardown-release"})
UNTOLD_STEPS = frozenset({"teardown-drain"})
"""Steps that write no event, and so have no moment in the middle of writing one."""

Victim = Literal["child", "worker"]
FROZEN = "frozen"
"""In a victim's place: the process isn't killed but stopped, with all that it holds."""


@dataclass(frozen=True)
class Kill:
    """An order that was obeyed; `at` in Unix seconds."""

    store: str
    step: str
    boundary: str
    victim: str
    at: float


class Orders:
    """The orders in one folder, and the log of those that were obeyed."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._log = folder, folder / "log" / "kills"

    def create(self) -> None:
        """Make the folders."""
        self._log.parent.mkdir(parents=True)

    def place(self, store: str, steps: Iterable[str], boundary: str, victim: str) -> int:
        """Order one kill in each of the steps where the boundary makes sense; the number of orders."""
        sensible = [step for step in steps if _makes_sense(step, boundary)]
        for step in sensible:
            (self._folder / f"{store}.{step}.{boundary}.{victim}").touch()
        return len(sensible)

    def waiting(self, store: str = "") -> list[str]:
        """The orders that nobody has taken yet, all or those for one store."""
        return sorted(file.name for file in self._folder.glob(f"{store or '*'}.*") if file.is_file())

    def has(self, store: str, step: str, boundary: str) -> bool:
        """Whether there is an order for this moment; it may be gone a moment later."""
        return any(self._folder.glob(f"{store}.{step}.{boundary}.*"))

    def obey(self, store: str, step: str, boundary: str) -> None:
        """Be killed, when that is ordered for this moment and nobody else was quicker to take the order."""
        for file in self._folder.glob(f"{store}.{step}.{boundary}.*"):
            try:
                file.unlink()
            except FileNotFoundError:
                continue
            victim = file.suffix.removeprefix(".")
            self._note(Kill(store, step, boundary, victim, time.time()))
            if victim == "worker":
                # Celery's children share the group that the rig made for their worker; Helm's processes don't.
                os.killpg(os.getpgrp(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGSTOP if victim == FROZEN else signal.SIGKILL)

    def kills(self, store: str = "") -> list[Kill]:
        """What was obeyed so far, oldest first."""
        if not self._log.exists():
            return []
        found = [Kill(**json.loads(line)) for line in self._log.read_text().splitlines()]
        return [kill for kill in found if store in ("", kill.store)]

    def _note(self, kill: Kill) -> None:
        line = json.dumps(asdict(kill)).encode() + b"\n"
        # One write to a file opened for appending: lines of several processes don't mix, and a kill loses none.
        descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, line)
        os.close(descriptor)


def _makes_sense(step: str, boundary: str) -> bool:
    if boundary == "during-helm":
        return step in HELM_STEPS
    return boundary != "in-record" or step not in UNTOLD_STEPS
