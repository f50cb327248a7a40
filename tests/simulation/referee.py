"""Judges each act on the cluster as it happens: may this process do this, to this store, just now?"""

from collections.abc import Iterable

from django.conf import settings

from provisioner.cluster import Kind
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME_CLAIM, STORE
from provisioner.operations.models import OperationKind
from tests.simulation.clock import Clock
from tests.simulation.processes import Process, here

WAITING_STEP = "drain"
"""The one step that runs beside another's hands: it only waits for them."""


class Referee:
    """Collects what must not have happened; the machine's invariant is that nothing has.

    `made_by` tells for each namespace that is there which store's work made it: a name may be used again.
    """

    def __init__(self, processes: Iterable[Process], clock: Clock) -> None:
        self.violations: list[str] = []
        self.made_by: dict[str, int] = {}
        self._processes, self._clock = processes, clock

    def took_hold(self, process: Process) -> None:
        """A lease was just claimed: whoever was silent for too long has lost the store, and may not know it yet."""
        now = self._clock.monotonic()
        for other in self._others(process):
            if other.silent and now - other.renewed > settings.STOREPLANE_STALE_SECONDS:
                other.replaced = True

    def acted(self, verb: str, kind: Kind, name: str, namespace: str) -> None:
        """Something in the cluster was changed by the process that runs."""
        process = here()
        if process is None or process.work is None or kind == STORE:
            return
        what = f"{verb} {kind.kind} {namespace}/{name}"
        if kind == NAMESPACE and verb == "create" and name != settings.STOREPLANE_NAMESPACE:
            self.made_by[name] = process.work.store_id
        self.exclusive(process, what)
        if verb == "delete" and kind in (NAMESPACE, PERSISTENT_VOLUME_CLAIM):
            self.only_in_teardown(process, what, namespace or name)

    def exclusive(self, process: Process, what: str) -> None:
        """Nobody else may have their hands on the store, and nobody acts whose step was taken over."""
        if process.replaced:
            self.violations.append(f"{process.name} was replaced, and then did: {what}")
        for other in self._others(process):
            if not other.replaced and not other.frozen:
                self.violations.append(f"{process.name} did: {what}, while {other.name} is at {other.at}")

    def only_in_teardown(self, process: Process, what: str, namespace: str) -> None:
        """Data and releases are removed by the removal of their own store alone."""
        work = process.work
        assert work is not None
        if work.operation != OperationKind.TEARDOWN:
            self.violations.append(f"{process.name} in a {work.operation} did: {what}")
        elif self.made_by.get(namespace) != work.store_id:
            self.violations.append(f"the removal of store {work.store_id} did to another store: {what}")

    def _others(self, process: Process) -> list[Process]:
        """Living processes that hold a step of a store with that namespace."""
        assert process.work is not None
        return [
            other
            for other in self._processes
            if other is not process
            and other.alive
            and other.work is not None
            and other.work.namespace == process.work.namespace
            and WAITING_STEP not in (other.work.step, process.work.step)
        ]
