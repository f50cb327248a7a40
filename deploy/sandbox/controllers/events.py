"""Core v1 Events, so that `kubectl describe` tells what happened and why."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.api.errors import ApiError
from sandbox.controllers.objects import Obj, random_suffix, stamp

if TYPE_CHECKING:
    from sandbox.controllers.cluster import Cluster

log = logging.getLogger("sandbox.controllers")

# An event that repeats is counted up, not written anew (as client-go's correlator does), and not at every time: a probe
# that fails each second would make most of the writes of a store's birth.
REMEMBERED = 2048
COUNT_EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class _News:
    kind: str
    reason: str
    message: str
    field: str


@dataclass
class _Told:
    name: str
    count: int
    written: float


class Recorder:
    """Records events of one component."""

    def __init__(self, cluster: Cluster, component: str, host: str = "") -> None:
        self._registry = cluster.registry
        self._events = cluster.registry.resource("events")
        self._source = {"component": component, **({"host": host} if host else {})}
        self._known: dict[tuple[str, _News], _Told] = {}

    def normal(self, about: Obj, reason: str, message: str, *, field: str = "") -> None:
        """An event of type Normal; `field` is a fieldPath such as `spec.containers{web}`."""
        self._record(about, _News("Normal", reason, message, field))

    def warning(self, about: Obj, reason: str, message: str, *, field: str = "") -> None:
        """An event of type Warning."""
        self._record(about, _News("Warning", reason, message, field))

    def _record(self, about: Obj, news: _News) -> None:
        namespace = about["metadata"].get("namespace") or "default"
        key = (about["metadata"]["uid"], news)
        try:
            if key in self._known:
                self._count_up(namespace, self._known[key])
                return
        except ApiError:  # the old event is gone: write a new one
            del self._known[key]
        try:
            self._known[key] = _Told(self._create(namespace, about, news), 1, time.monotonic())
        except ApiError as error:  # a namespace that terminates takes no events; nothing depends on them
            log.debug("event %s of %s not recorded: %s", news.reason, about["metadata"]["name"], error)
        if len(self._known) > REMEMBERED:
            self._known.pop(next(iter(self._known)))

    def _count_up(self, namespace: str, told: _Told) -> None:
        told.count += 1
        if time.monotonic() - told.written >= COUNT_EVERY_SECONDS:
            told.written = time.monotonic()
            patch = {"count": told.count, "lastTimestamp": stamp()}
            self._registry.patch(self._events, namespace, told.name, patch, "merge")

    def _create(self, namespace: str, about: Obj, news: _News) -> str:
        name = f"{about['metadata']['name']}.{random_suffix(16)}"
        reference = {
            "apiVersion": about.get("apiVersion", "v1"),
            "kind": about.get("kind", ""),
            "name": about["metadata"]["name"],
            "namespace": about["metadata"].get("namespace"),
            "uid": about["metadata"]["uid"],
            "resourceVersion": about["metadata"].get("resourceVersion"),
            "fieldPath": news.field or None,
        }
        event: Obj = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": {key: value for key, value in reference.items() if value},
            "type": news.kind,
            "reason": news.reason,
            "message": news.message[:1024],
            "source": self._source,
            "reportingComponent": self._source["component"],
            "reportingInstance": self._source.get("host", ""),
            "count": 1,
            "firstTimestamp": stamp(),
            "lastTimestamp": stamp(),
        }
        self._registry.create(self._events, namespace, event)
        return name
