"""The loop that every controller runs: a key comes, one pass over it is made, errors come again later."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import ClassVar

from sandbox.api.errors import ApiError
from sandbox.controllers.cache import Cache
from sandbox.controllers.cluster import Cluster
from sandbox.controllers.events import Recorder
from sandbox.controllers.objects import Key, Obj, controller_of, key_of
from sandbox.controllers.queue import WorkQueue

log = logging.getLogger("sandbox.controllers")

CONFLICT, NOT_FOUND = 409, 404


class Controller(ABC):
    """Level-triggered: `reconcile` looks at the caches only, so it doesn't matter which event came."""

    name: ClassVar[str]

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.queue = WorkQueue()
        self.recorder = Recorder(cluster, f"{self.name}-controller")

    @abstractmethod
    def reconcile(self, key: Key) -> float | None:
        """Bring one object towards its spec; returns seconds after which to look again, if any."""

    def watch(self, cache: Cache) -> Cache:
        """Make a pass over each object of this kind when it changes."""
        cache.handlers.append(lambda old, new: self.queue.add(key_of(new or old or {})))
        return cache

    def watch_owned(self, cache: Cache, kind: str) -> Cache:
        """Make a pass over the owner (of this kind) of each object when the object changes."""

        def changed(old: Obj | None, new: Obj | None) -> None:
            for obj in (old, new):
                owner = controller_of(obj) if obj else None
                if obj and owner and owner["kind"] == kind:
                    self.queue.add((key_of(obj)[0], owner["name"]))

        cache.handlers.append(changed)
        return cache

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                key = await self.queue.get()
                self._pass(key)
                self.queue.done(key)
                await asyncio.sleep(0)  # a long queue must not hold up the API
        finally:
            self.queue.close()

    def _pass(self, key: Key) -> None:
        try:
            after = self.reconcile(key)
        except ApiError as error:
            delay = self.queue.retry(key)
            if error.code not in {CONFLICT, NOT_FOUND}:
                log.info("%s %s/%s: %s (again in %.1f s)", self.name, *key, error, delay)
        except Exception:
            log.exception("%s %s/%s failed", self.name, *key)
            self.queue.retry(key)
        else:
            self.queue.succeeded(key)
            if after is not None:
                self.queue.add_after(key, after)
