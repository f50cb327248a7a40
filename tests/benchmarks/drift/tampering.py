"""Somebody who changes and deletes objects of stores, and notes when each was judged and when it was right again."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connections

from provisioner.cluster import Cluster, Expired, Kind, Manifest, kinds
from provisioner.drift.models import Finding
from provisioner.labels import SELECTOR

_LOOK_EVERY_SECONDS = 0.01
_WATCH_SECONDS = 3600.0

Key = tuple[str, str, str]
"""Namespace, kind and name."""


@dataclass(frozen=True)
class Trick:
    """What is done to an object: this patch, or its deletion; `is_right` tells whether it is undone."""

    kind: Kind
    name: str
    patch: Manifest | None = None
    is_right: Callable[[Manifest], bool] = lambda _: True


TRICKS = (
    Trick(kinds.SERVICE, "backend"),
    Trick(kinds.NETWORK_POLICY, "default-deny"),
    Trick(kinds.CONFIG_MAP, "storefront"),
    Trick(kinds.INGRESS, "store"),
    Trick(kinds.LIMIT_RANGE, "store"),
    Trick(kinds.DEPLOYMENT, "backend"),
    Trick(
        kinds.DEPLOYMENT,
        "storefront",
        {"spec": {"replicas": 4}},
        lambda found: bool(found["spec"]["replicas"] == 1),
    ),
    Trick(
        kinds.SERVICE,
        "storefront",
        {"spec": {"selector": {"x": "y"}}},
        lambda found: "x" not in found["spec"]["selector"],
    ),
    Trick(
        kinds.RESOURCE_QUOTA,
        "store",
        {"spec": {"hard": {"pods": "99"}}},
        lambda found: found["spec"]["hard"].get("pods") != "99",
    ),
    Trick(
        kinds.NETWORK_POLICY,
        "database",
        {"spec": {"ingress": [{}]}},
        lambda found: found["spec"]["ingress"] != [{}],
    ),
)
"""On ten objects of a store; none is touched twice, since what drifts again soon is healed after a pause."""


@dataclass
class Change:
    """One trick on one store; times of `time.monotonic`, 0 until it has happened."""

    trick: Trick
    namespace: str
    uid: str = ""
    at: float = 0.0
    judged: float = 0.0
    healed: float = 0.0

    @property
    def key(self) -> Key:
        """The object."""
        return self.namespace, self.trick.kind.kind, self.trick.name

    def is_undone(self, found: Manifest) -> bool:
        """Whether the object is there as it should be."""
        if self.trick.patch is None:
            return bool(found["metadata"]["uid"] != self.uid) and not found["metadata"].get("deletionTimestamp")
        return self.trick.is_right(found)

    @property
    def is_over(self) -> bool:
        """Whether all has happened."""
        return bool(self.at and self.judged and self.healed)


@dataclass
class Tamperer:
    """Does tricks, and watches the cluster and the findings for what comes of them."""

    cluster: Cluster
    changes: dict[Key, Change] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def play(self, trick: Trick, namespace: str) -> Change:
        """Do it; its time is that of the API server's answer."""
        change = Change(trick, namespace)
        if trick.patch is None:
            found = self.cluster.get(trick.kind, trick.name, namespace)
            assert found is not None, change.key
            change.uid = found["metadata"]["uid"]
        self.changes[change.key] = change
        if trick.patch is None:
            assert self.cluster.delete(trick.kind, trick.name, namespace)
        else:
            self.cluster.patch_merge(trick.kind, trick.name, namespace, trick.patch)
        change.at = time.monotonic()
        return change

    def follow(self, kind: Kind) -> None:
        """Note what is right again, as the API server tells of it."""
        while not self._stop.is_set():
            start = self.cluster.listing(kind, label_selector=SELECTOR).resource_version
            try:
                events = self.cluster.watch(
                    kind, label_selector=SELECTOR, resource_version=start, timeout=_WATCH_SECONDS
                )
                for event in events:
                    if event.type in ("ADDED", "MODIFIED"):
                        self._take(kind, event.object)
            except Expired:
                continue

    def _take(self, kind: Kind, found: Manifest) -> None:
        now, metadata = time.monotonic(), found["metadata"]
        change = self.changes.get((metadata.get("namespace", ""), kind.kind, metadata["name"]))
        if change is not None and not change.healed and change.is_undone(found):
            change.healed = now

    def look(self) -> None:
        """Note new findings once they are committed, at most `_LOOK_EVERY_SECONDS` late."""
        try:
            while not self._stop.wait(_LOOK_EVERY_SECONDS):
                waiting = [key for key, change in list(self.changes.items()) if not change.judged]
                if not waiting:
                    continue
                found = Finding.objects.filter(namespace__in={key[0] for key in waiting})
                seen: set[Any] = set(found.values_list("namespace", "kind", "name"))
                now = time.monotonic()
                for key in seen.intersection(waiting):
                    self.changes[key].judged = now
        finally:
            connections.close_all()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()


@contextmanager
def tampering(cluster: Cluster) -> Iterator[Tamperer]:
    """Somebody who tampers for the time of a `with`."""
    somebody = Tamperer(cluster)
    looking = threading.Thread(target=somebody.look, daemon=True)
    looking.start()
    for kind in {trick.kind for trick in TRICKS}:
        # They end with the API server.
        threading.Thread(target=somebody.follow, args=[kind], daemon=True).start()
    try:
        yield somebody
    finally:
        somebody.stop()
        looking.join()
