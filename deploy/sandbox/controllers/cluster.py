"""The controllers' view of the API: caches shared by all of them, and writes that show in the caches at once.

Because the registry lives in the same process and a write is put into the cache before the caller goes on, a
controller never acts on a state older than its own last write. So no "expectations" as in kube-controller-manager.
The caches hold the registry's own objects without copying them: thousands of stores have a place in memory once.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sandbox.api.errors import ApiError
from sandbox.controllers.cache import Cache
from sandbox.controllers.objects import Obj, key_of, uid_of

if TYPE_CHECKING:
    from sandbox.api.registry import Registry
    from sandbox.api.storage import Entry

log = logging.getLogger("sandbox.controllers")


class Cluster:
    """Caches by kind, and the verbs. Every write returns the object as the API stored it."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._caches: dict[tuple[str, str], Cache] = {}
        self._watches: list[asyncio.Task[None]] = []
        self._started = False

    def cache(self, plural: str, group: str = "") -> Cache:
        """The shared cache of a kind; it is filled by `start`, or at once when that has been."""
        known = self._caches.get((plural, group))
        if known is None:
            known = self._caches[plural, group] = Cache(self.registry.resource(plural, group))
            if self._started:
                self._open(known)
        return known

    def start(self) -> None:
        """Fill all caches and follow the watches; needs a running loop."""
        self._started = True
        for cache in list(self._caches.values()):
            self._open(cache)

    async def stop(self) -> None:
        """End the watches."""
        for task in self._watches:
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    def create(self, cache: Cache, obj: Obj) -> Obj:
        """Create an object; raises ApiError as the API does."""
        made = self.registry.create(cache.resource, obj["metadata"].get("namespace"), obj)
        return self._taken(cache, made)

    def update(self, cache: Cache, obj: Obj, *, subresource: str = "") -> Obj:
        """Write an object whole, without optimistic lock: each field here has one writer only."""
        meta = {name: value for name, value in obj["metadata"].items() if name != "resourceVersion"}
        namespace, name = key_of(obj)
        new = {**obj, "metadata": meta}
        return self._taken(
            cache, self.registry.update(cache.resource, namespace or None, name, new, subresource=subresource)
        )

    def set_status(self, cache: Cache, obj: Obj, status: Obj) -> Obj:
        """Write the status if it differs."""
        if obj.get("status") == status:
            return obj
        return self.update(cache, {**obj, "status": status}, subresource="status")

    def merge(self, cache: Cache, obj: Obj, patch: Obj) -> Obj:
        """Apply a JSON merge patch."""
        namespace, name = key_of(obj)
        return self._taken(cache, self.registry.patch(cache.resource, namespace or None, name, patch, "merge"))

    def delete(self, cache: Cache, obj: Obj, *, grace_seconds: int | None = None) -> None:
        """Delete this very object (not a later one of its name); it is no error when it is gone already."""
        namespace, name = key_of(obj)
        options: Obj = {"preconditions": {"uid": uid_of(obj)}, "propagationPolicy": "Background"}
        if grace_seconds is not None:
            options["gracePeriodSeconds"] = grace_seconds
        try:
            self.registry.delete(cache.resource, namespace or None, name, options=options)
            left = self.registry.entry(cache.resource, namespace or None, name).obj
        except ApiError as error:
            if error.code not in {404, 409}:
                raise
            cache.remove(obj, final=False)
            return
        if uid_of(left) == uid_of(obj):
            cache.store(left)
        else:
            cache.remove(obj, final=False)

    def _taken(self, cache: Cache, written: Obj) -> Obj:
        """Put what was written into the cache: the API's own object, not the copy that it returned."""
        namespace, name = key_of(written)
        try:
            stored = self.registry.entry(cache.resource, namespace or None, name).obj
        except ApiError:  # the write took the last finalizer
            cache.remove(written, final=False)
            return written
        cache.store(stored)
        return stored

    def _open(self, cache: Cache) -> None:
        version = self._fill(cache)
        self._watches.append(asyncio.get_running_loop().create_task(self._follow(cache, version)))

    def _fill(self, cache: Cache) -> str:
        page = self.registry.page(self.registry.selection(cache.resource))
        cache.replace(entry.obj for entry in page.entries)
        return str(page.revision)

    async def _follow(self, cache: Cache, version: str) -> None:
        while True:
            try:
                watch = self.registry.watch(cache.resource, resource_version=version)
                while change := await watch.next_change():
                    self._take(cache, *change)
            except ApiError as error:  # 410: too slow
                log.info("watch of %s ended (%s), listing again", cache.resource.plural, error)
            version = self._fill(cache)

    def _take(self, cache: Cache, kind: str, entry: Entry) -> None:
        try:
            if kind == "DELETED":
                cache.remove(entry.obj, final=True)
            else:
                cache.store(entry.obj)
        except Exception:  # one broken object must not stop the news of all others
            log.exception("taking %s of %s failed", kind, cache.resource.plural)
