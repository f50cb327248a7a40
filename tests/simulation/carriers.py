"""Threads of which one runs at a time: each is handed the turn, and hands it back at a checkpoint or at its end."""

import faulthandler
import threading
from collections.abc import Callable

from django.db import connection

_TURN_SECONDS = 20.0
"""Of real time. A turn takes milliseconds: a longer one waits for a lock that a paused worker holds."""

Job = Callable[[], None]


class Carrier:
    """A thread with a database connection that runs one job after another.

    Kept over many examples, because a new connection costs more than most jobs.
    """

    def __init__(self) -> None:
        self._job: Job | None = None
        self._error: BaseException | None = None
        self._go, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve, name="carrier", daemon=True)
        self._thread.start()

    def begin(self, job: Job) -> None:
        """Run the job up to its first pause or its end; called by the scheduler's thread, as all but `pause` are."""
        self._job = job
        self.turn()

    def turn(self) -> None:
        """Give the thread its turn, and wait until it hands it back."""
        self._go.release()
        if not self._back.acquire(timeout=_TURN_SECONDS):
            faulthandler.dump_traceback(all_threads=True)
            raise RuntimeError("a simulated worker didn't hand back its turn: it waits for a lock")
        if self._error is not None:
            error, self._error = self._error, None
            raise RuntimeError("the simulation itself has failed in a worker's thread") from error

    def pause(self) -> None:
        """Hand the turn back and wait for the next; called by the carrier's own thread."""
        self._back.release()
        self._go.acquire()

    def stop(self) -> None:
        """End the thread, which has no job, and its connection."""
        self._job = None
        self._go.release()
        self._thread.join(_TURN_SECONDS)

    def _serve(self) -> None:
        while True:
            self._go.acquire()
            if self._job is None:
                connection.close()
                return
            try:
                self._job()
            except BaseException as error:
                self._error = error
            self._back.release()


class Pool:
    """Carriers that have nothing to do."""

    def __init__(self) -> None:
        self._idle: list[Carrier] = []

    def take(self) -> Carrier:
        """An idle carrier, or a new one."""
        return self._idle.pop() if self._idle else Carrier()

    def give_back(self, carrier: Carrier) -> None:
        """The carrier's job has ended."""
        self._idle.append(carrier)

    def stop(self) -> None:
        """End all threads: an open connection would keep the test's database from being emptied."""
        while self._idle:
            self._idle.pop().stop()


POOL = Pool()
