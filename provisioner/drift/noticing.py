"""From the events of a watch to what should be judged: changes of a status are left out, many at once become one."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import structlog

from config.metrics.liveness import PULSE, broker_is_away
from provisioner import labels
from provisioner.cluster import Manifest, WatchEvent

DEBOUNCE_SECONDS = 0.25
EVERYTHING = ""
"""In place of a store's name: a list was taken anew, so anything may have happened meanwhile."""

log = structlog.get_logger(__name__)

Object = tuple[str, str]
Send = Callable[[str, list[Object]], None]

_PASSING = frozenset({"managedFields", "resourceVersion", "generation"})


def fingerprint(manifest: Manifest) -> int:
    """The same for states of an object that differ only in status and in what the API server notes of a write."""
    kept: dict[str, Any] = {name: value for name, value in manifest.items() if name != "status"}
    kept["metadata"] = {name: value for name, value in manifest["metadata"].items() if name not in _PASSING}
    return hash(_frozen(kept))


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(sorted((key, _frozen(inner)) for key, inner in value.items()))
    return tuple(_frozen(inner) for inner in value) if isinstance(value, list) else value


@dataclass
class Notes:
    """What one watch has seen of its kind: a fingerprint of each object."""

    known: dict[str, int] = field(default_factory=dict)

    def is_news(self, event: WatchEvent) -> bool:
        """Whether the event may be drift. An object that appears is not: it is remembered, and the sweep knows it."""
        uid = event.object["metadata"]["uid"]
        if event.type == "DELETED":
            self.known.pop(uid, None)
            return True
        present = fingerprint(event.object)
        before = self.known.get(uid)
        self.known[uid] = present
        return before is not None and before != present

    def keep_only(self, items: Iterable[Manifest]) -> None:
        """A whole list was seen: forget what isn't in it."""
        uids = {each["metadata"]["uid"] for each in items}
        self.known = {uid: print_ for uid, print_ in self.known.items() if uid in uids}


class Debouncer:
    """Gathers objects by store, and hands a store's over once it has been waited for `DEBOUNCE_SECONDS`.

    Notes come from the threads of all watches; `run` is a thread of its own.
    """

    def __init__(self, send: Send, clock: Callable[[], float] = time.monotonic) -> None:
        self._send, self._clock = send, clock
        self._waiting: dict[str, tuple[float, set[Object]]] = {}
        self._changed = threading.Condition()

    def note(self, store: str, obj: Object | None = None) -> None:
        """An object of a store should be judged; the first note of a store begins its wait."""
        with self._changed:
            _, objects = self._waiting.setdefault(store, (self._clock() + DEBOUNCE_SECONDS, set()))
            if obj is not None:
                objects.add(obj)
            self._changed.notify()

    def due(self) -> list[tuple[str, list[Object]]]:
        """Take out what has waited long enough."""
        now = self._clock()
        with self._changed:
            ripe = [store for store, (at, _) in self._waiting.items() if at <= now]
            return [(store, sorted(self._waiting.pop(store)[1])) for store in ripe]

    def run(self, stop: threading.Event) -> None:
        """Hand over until `stop` is set."""
        while not stop.is_set():
            PULSE.beat("The debouncer", excuse=broker_is_away)
            for store, objects in self.due():
                try:
                    self._send(store, objects)
                except Exception:
                    # The others are still to be told of; this one is the sweep's.
                    log.exception("not handed over to the judge", store=store)
            with self._changed:
                next_at = min((at for at, _ in self._waiting.values()), default=self._clock() + 1.0)
                self._changed.wait(max(0.0, min(next_at - self._clock(), 1.0)))


def owner_of(manifest: Manifest) -> str:
    """The store that an object says it is of; empty when it says nothing."""
    return str((manifest["metadata"].get("labels") or {}).get(labels.STORE_LABEL, ""))
