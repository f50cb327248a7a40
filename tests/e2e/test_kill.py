"""A worker that is killed costs a store nothing but a moment."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.e2e.front_door import FrontDoor, launcher, until


def worker_pid() -> int:
    """The process that provisions, as the launcher tells."""
    processes = {process["name"]: process for process in launcher("status")["processes"]}
    return int(processes["worker-provision"]["pid"])


@pytest.mark.usefixtures("needs_launcher")
def test_a_store_becomes_ready_although_its_worker_is_killed(door: FrontDoor, new_name: Callable[[], str]) -> None:
    name = new_name()
    before = worker_pid()
    with door.events() as live:
        door.create(name)
        live.until(name, "HELM_INSTALL")
        os.kill(before, signal.SIGKILL)

    store = door.wait_for_phase(name, "Ready")

    assert all(step["state"] == "succeeded" for step in store["pipeline"])
    after = until(lambda: (pid := worker_pid()) != before and pid, "the worker to be back")
    assert after != before
