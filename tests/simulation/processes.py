"""Simulated worker processes: each runs a job from checkpoint to checkpoint, and may be killed, frozen or cut off."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, connection

from provisioner.operations.lease import Lease
from tests.simulation.carriers import POOL, Carrier

_here = threading.local()


class Killed(BaseException):
    """The process is dead: nothing of its code may run any more, not even an `except Exception`."""


@dataclass(frozen=True)
class Work:
    """What a process that holds a lease works on."""

    store_id: int
    namespace: str
    operation: str
    step: str


@dataclass
class Process:
    """One worker process. It is idle when it has no carrier.

    `frozen` and `cut` (off from the database) ones give no sign of life; `replaced` is set once somebody else has
    rightly taken such a one's step. `abandoned` means that its Helm was killed, `losing` that its next commit will end
    in an error, `before` or `after` the server has carried it out.
    """

    host: str
    pid: int
    alive: bool = True
    frozen: bool = False
    cut: bool = False
    replaced: bool = False
    doomed: bool = False
    losing: str = ""
    at: str = ""
    about_to_act: bool = False
    in_helm: str = ""
    abandoned: bool = False
    lease: Lease | None = None
    work: Work | None = None
    renewed: float = 0.0
    on_lost: Callable[[], None] | None = None
    message: Any = None
    carrier: Carrier | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """As `provisioner.operations.owners` writes it."""
        return f"{self.host}:ns:{self.pid}:1"

    @property
    def silent(self) -> bool:
        """Whether others get no sign of life from it."""
        return self.frozen or self.cut

    def start(self, job: Callable[[], None]) -> None:
        """Run a job up to its first checkpoint."""
        self.carrier = POOL.take()
        self.carrier.begin(lambda: self._run(job))
        self._settle()

    def step(self) -> None:
        """Run on to the next checkpoint or the end."""
        assert self.carrier is not None
        self.carrier.turn()
        self._settle()

    def kill(self) -> None:
        """End it where it stands."""
        self.doomed = True
        self.step()
        assert self.carrier is None, "a killed process went on"

    def _settle(self) -> None:
        if self.at == "" and self.carrier is not None:
            POOL.give_back(self.carrier)
            self.carrier = None

    def _run(self, job: Callable[[], None]) -> None:
        _here.process = self
        self.at = "start"
        usual_commit = connection._commit
        connection._commit = lambda: self._commit(usual_commit)
        connection.execute_wrappers.append(self._query)
        try:
            job()
        except Killed:
            pass
        finally:
            self.at, self.alive = "", not self.doomed
            connection.execute_wrappers.clear()
            connection._commit = usual_commit
            if self.doomed or self.cut:
                connection.close()
            _here.process = None

    def _query(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        """Around each statement: a dead process says nothing, one that is cut off is not heard."""
        if self.doomed:
            raise Killed
        if self.cut:
            raise OperationalError("the connection is cut")
        return execute(sql, params, many, context)

    def _commit(self, usual: Callable[[], None]) -> None:
        losing, self.losing = self.losing, ""
        if losing != "before":
            usual()
        if losing:
            connection.connection.close()
            raise OperationalError("the connection was lost in a commit")


def here() -> Process | None:
    """The process whose code is running; None for the machine's own thread, which also plays the web process."""
    return getattr(_here, "process", None)


def checkpoint(where: str, *, about_to_act: bool = False) -> None:
    """A place where a worker may pause for any time, or end.

    Nothing pauses inside a transaction: its locks would stop the others for good, and to die in one is, for everybody
    else, to have died before it.
    """
    process = here()
    if process is None or process.carrier is None or connection.in_atomic_block:
        return
    process.at, process.about_to_act = where, about_to_act
    process.carrier.pause()
    if process.doomed:
        connection.close()
        raise Killed
