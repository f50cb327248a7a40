"""A local copy of one kind, kept current by a watch, with the indexes that controllers ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sandbox.controllers.objects import Key, Obj, controller_of, key_of, uid_of

# Told (old, new): old is None for an added object, new is None for a removed one.
Handler = Callable[[Obj | None, Obj | None], None]


class Cache:
    """Objects of one kind. They are shared: whoever reads one must not change it."""

    def __init__(self, resource: Any) -> None:
        self.resource = resource
        self.handlers: list[Handler] = []
        self._objects: dict[Key, Obj] = {}
        self._by_namespace: dict[str, dict[Key, Obj]] = {}
        self._by_owner: dict[str, dict[Key, Obj]] = {}
        self._gone: set[str] = set()

    def get(self, key: Key) -> Obj | None:
        """The object of this key."""
        return self._objects.get(key)

    def in_namespace(self, namespace: str) -> list[Obj]:
        """All objects of a namespace."""
        return list(self._by_namespace.get(namespace, {}).values())

    def owned_by(self, uid: str) -> list[Obj]:
        """All objects whose managing controller has this uid."""
        return list(self._by_owner.get(uid, {}).values())

    def __iter__(self) -> Iterator[Obj]:
        return iter(list(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def store(self, obj: Obj) -> None:
        """Take a new state of an object, unless a newer one is known or the object is known to be gone."""
        key, old = key_of(obj), self._objects.get(key_of(obj))
        if uid_of(obj) in self._gone or (old is not None and _version(obj) <= _version(old)):
            return
        if old is not None:
            self._unindex(key, old)
        self._objects[key] = obj
        self._by_namespace.setdefault(key[0], {})[key] = obj
        owner = controller_of(obj)
        if owner is not None:
            self._by_owner.setdefault(owner["uid"], {})[key] = obj
        self._tell(old, obj)

    def remove(self, obj: Obj, *, final: bool) -> None:
        """Take note that an object is gone.

        `final` is said by the watch, after which no older news of it can come. A delete made by ourselves is
        remembered until then, or a late MODIFIED would bring the object back.
        """
        uid, key = uid_of(obj), key_of(obj)
        if final:
            self._gone.discard(uid)
        else:
            self._gone.add(uid)
        old = self._objects.get(key)
        if old is not None and uid_of(old) == uid:
            self._unindex(key, old)
            del self._objects[key]
            self._tell(old, None)

    def replace(self, objects: Iterable[Obj]) -> None:
        """Take a whole list in place of all that is known (after a watch that became too old)."""
        fresh = {key_of(obj): obj for obj in objects}
        for key, old in list(self._objects.items()):
            if key not in fresh or uid_of(fresh[key]) != uid_of(old):
                self.remove(old, final=True)
        self._gone.clear()
        for obj in fresh.values():
            self.store(obj)

    def _unindex(self, key: Key, old: Obj) -> None:
        _drop(self._by_namespace, key[0], key)
        owner = controller_of(old)
        if owner is not None:
            _drop(self._by_owner, owner["uid"], key)

    def _tell(self, old: Obj | None, new: Obj | None) -> None:
        for handler in self.handlers:
            handler(old, new)


def _drop(index: dict[str, dict[Key, Obj]], name: str, key: Key) -> None:
    rows = index.get(name)
    if rows is not None:
        rows.pop(key, None)
        if not rows:
            del index[name]


def _version(obj: Obj) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)
