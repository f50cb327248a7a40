"""Holding a step: the owner's name, the heartbeat, and the fence that a side effect asks before it acts."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import Combinable

from provisioner.operations import clock
from provisioner.operations.errors import LeaseLost
from provisioner.operations.models import OperationState, Step, StepState
from provisioner.operations.owners import is_surely_dead

SELF_FENCE_SHARE = 0.6
"""Of the time after which others take a silent owner's step: an owner that can't beat for so long stops by itself."""

log = structlog.get_logger(__name__)


def silent_before() -> Combinable:
    """An owner whose last heartbeat is older than this is taken for lost; for queries."""
    return clock.DatabaseTime() - timedelta(seconds=settings.STOREPLANE_STALE_SECONDS)


@dataclass(frozen=True)
class Lease:
    """One claim of one step. `lost` is set as soon as the owner learns that the claim stands no more."""

    step_id: int
    owner: str
    fence: int
    lost: threading.Event = field(default_factory=threading.Event, compare=False, repr=False)

    def check(self) -> None:
        """Raise LeaseLost unless the claim still stands; called right before each side effect."""
        if self.lost.is_set() or not self._standing().exists():
            raise LeaseLost(f"step {self.step_id} is no longer held by {self.owner}")

    def beat(self) -> bool:
        """Say that the owner is alive; whether the claim still stands.

        A fence that moved doesn't end the heartbeat: the owner may still be acting, and others wait for it.
        """
        Step.objects.filter(pk=self.step_id, owner=self.owner).update(heartbeat_at=clock.DatabaseTime())
        return self._standing().exists()

    @contextmanager
    def kept(self, on_lost: Callable[[], None]) -> Iterator[None]:
        """Beat from a thread of its own for as long as the block runs.

        `on_lost` is called, perhaps more than once, when the claim stands no more or hasn't been renewed for so long
        that others may soon take it: whatever acts for this step must end.
        """
        stop, renewed = threading.Event(), _Renewed()
        threads = [
            # A thread begins without the context in which log lines are bound to the step.
            threading.Thread(target=partial(copy_context().run, work, stop, renewed, on_lost), name=name, daemon=True)
            for name, work in (("heartbeat", self._beat_until), ("self-fence", self._fence_until))
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(timeout=settings.STOREPLANE_HEARTBEAT_SECONDS)

    def _standing(self) -> QuerySet[Step]:
        return Step.objects.filter(
            pk=self.step_id,
            owner=self.owner,
            fence=self.fence,
            state=StepState.RUNNING,
            operation__state=OperationState.RUNNING,
        )

    def _beat_until(self, stop: threading.Event, renewed: "_Renewed", on_lost: Callable[[], None]) -> None:
        try:
            while not stop.wait(settings.STOREPLANE_HEARTBEAT_SECONDS):
                # What others see is no younger than the request, however late its answer is.
                sent = time.monotonic()
                try:
                    stands = self.beat()
                    renewed.at = sent
                except DatabaseFault as error:
                    log.warning("heartbeat missed", step_id=self.step_id, error=type(error).__name__)
                    connection.close()
                    continue
                # An answer that comes after the block's end is about a step that this process is done with.
                if not stands and not stop.is_set():
                    self.lost.set()
                    on_lost()
        finally:
            connection.close()

    def _fence_until(self, stop: threading.Event, renewed: "_Renewed", on_lost: Callable[[], None]) -> None:
        """By a clock of its own: a database that is out of reach may keep a heartbeat waiting instead of failing it."""
        patience = settings.STOREPLANE_STALE_SECONDS * SELF_FENCE_SHARE
        left = patience
        while not stop.wait(left if left > 0 else settings.STOREPLANE_HEARTBEAT_SECONDS):
            left = renewed.at + patience - time.monotonic()
            if left <= 0:
                self.lost.set()
                on_lost()


@dataclass
class _Renewed:
    """When the last heartbeat that was answered was sent, on this process' monotonic clock."""

    at: float = field(default_factory=time.monotonic)


def busy_elsewhere(store_id: int, step_id: int) -> Step | None:
    """Another step of the store, of any operation, whose owner may still be acting; None when there is none.

    An operation that was cancelled or rewound keeps the owner of its running step written down until that one lets go.
    """
    others = Step.objects.filter(operation__store_id=store_id).exclude(pk=step_id)
    held = others.exclude(owner="").filter(Q(heartbeat_at__gte=silent_before()))
    return next((step for step in held.select_related("operation") if not is_surely_dead(step.owner)), None)
