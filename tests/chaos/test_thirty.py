"""Thirty stores at once, while workers are killed at random."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.chaos.checks import assert_born_once, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.processes import Process
from tests.chaos.rig import Plan, Rig
from tests.chaos.test_slots import SLOTS, most_at_once, sampled

SEED = 20260117
STORES = 30


class Killer:
    """Kills a worker, one of its children, or beat, every few seconds."""

    def __init__(self, processes: list[Process], seed: int) -> None:
        self.killed: list[str] = []
        self._processes, self._random = processes, random.Random(seed)  # noqa: S311 - a repeatable test

    def kill_one(self) -> None:
        victim = self._random.choice(self._processes)
        whole = victim.name == "beat" or self._random.random() < 0.4
        # It may be on its way up, or have died this very moment.
        with suppress(psutil.Error, ProcessLookupError, IndexError):
            if whole:
                os.killpg(victim.pid, signal.SIGKILL)
            else:
                self._random.choice(psutil.Process(victim.pid).children()).kill()
            self.killed.append(f"{victim.name} {'whole' if whole else 'child'}")

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Kill for as long as the block runs."""
        stop = threading.Event()

        def kill() -> None:
            while not stop.wait(self._random.uniform(1.5, 3.5)):
                self.kill_one()

        thread = threading.Thread(target=kill, name="killer")
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def test_thirty_stores_are_born_once_each_while_workers_are_killed_at_random(make_rig: MakeRig) -> None:
    rig: Rig = make_rig(Plan(provision_workers=2, other_workers=2))
    shape = rig.undisturbed()
    names = [rig.name(f"{number:02}") for number in range(STORES)]
    killer = Killer(rig.processes, SEED)

    with sampled() as seen, killer.at_work():
        rig.ask_for(*names)
        rig.wait_ready(*names, seconds=400)

    assert len(killer.killed) > 3
    assert max(seen) <= SLOTS
    assert most_at_once(names) <= SLOTS
    for name in names:
        assert_born_once(rig.cluster, name, shape, helm_kills=len(killer.killed))
    assert_no_orphans(rig.cluster, rig.prefix)
