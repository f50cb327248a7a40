"""What follows from a change without being asked for: garbage collection and the end of namespaces."""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .deletion import FOREGROUND, ORPHAN
from .jsontypes import Json, clone
from .metadata import now
from .options import WriteOptions
from .resources import Resource
from .storage import Entry
from .writes import is_finished

if TYPE_CHECKING:
    from .registry import Registry

Place = tuple[str, str]  # resource key and object key
_MANAGER = WriteOptions(manager="kube-controller-manager")


class Collector:
    """Deletes what lost its owner, frees what was orphaned, empties terminating namespaces.

    Work is queued by changes and done right after the request that caused it, so that nothing is
    ever polled: an idle registry costs nothing.
    """

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._storage = registry.storage
        self._places: dict[str, Place] = {}  # by uid
        self._dependents: dict[str, set[Place]] = {}  # by uid of the owner
        self._queue: deque[tuple[str, Place]] = deque()
        self._queued: set[tuple[str, Place]] = set()
        self._terminating: set[str] = set()
        self._scheduled = False

    def start(self) -> None:
        """Indexes what is stored and takes up what was left undone."""
        for resource_key, shelf in self._storage.shelves():
            for entry in shelf.entries.values():
                self._places[entry.uid] = (resource_key, entry.key)
        for _, shelf in self._storage.shelves():
            for entry in list(shelf.entries.values()):
                self._on_change("ADDED", entry, None)
        self._storage.listen(self._on_change)
        self.kick()

    def kick(self) -> None:
        """Does the queued work now, or as soon as the running loop is free."""
        if not self._queue or self._scheduled:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._drain()
            return
        self._scheduled = True
        loop.call_soon(self._drain)

    def _drain(self) -> None:
        self._scheduled = True
        try:
            while self._queue:
                work = self._queue.popleft()
                self._queued.discard(work)
                self._do(*work)
        finally:
            self._scheduled = False

    def _do(self, task: str, place: Place) -> None:
        if task == "namespace":
            self._empty_namespace(place[1])
            return
        resource, entry = self._registry.catalog.by_key(place[0]), self._entry(place)
        if resource is None or entry is None:
            return
        if task == "dependent":
            self._judge_dependent(resource, entry)
        elif task == "owner":
            self._finish_owner(resource, entry)

    def _entry(self, place: Place) -> Entry | None:
        return self._storage.shelf(place[0]).entries.get(place[1])

    def _enqueue(self, task: str, place: Place) -> None:
        if (task, place) not in self._queued:
            self._queued.add((task, place))
            self._queue.append((task, place))

    def _on_change(self, kind: str, entry: Entry, before: Entry | None) -> None:
        place = (entry.resource_key, entry.key)
        if before is not None:
            for owner in _owner_uids(before.obj):
                self._forget_dependent(owner, place)
        if kind == "DELETED":
            self._on_deleted(entry, place)
        else:
            self._on_written(entry, place, before)
        namespace = entry.obj["metadata"].get("namespace")
        if namespace in self._terminating:
            self._enqueue("namespace", ("/namespaces", namespace))

    def _on_written(self, entry: Entry, place: Place, before: Entry | None) -> None:
        self._places[entry.uid] = place
        owners = list(_owner_uids(entry.obj))
        for owner in owners:
            self._dependents.setdefault(owner, set()).add(place)
        if any(owner not in self._places for owner in owners):
            self._enqueue("dependent", place)
        for owner in owners:
            self._recheck_owner(owner)
        meta = entry.obj["metadata"]
        if meta.get("deletionTimestamp"):
            if entry.resource_key == "/namespaces":
                self._terminating.add(entry.key)
                self._enqueue("namespace", place)
            if {ORPHAN, FOREGROUND} & set(meta.get("finalizers") or ()):
                self._enqueue("owner", place)

    def _on_deleted(self, entry: Entry, place: Place) -> None:
        if self._places.get(entry.uid) == place:
            del self._places[entry.uid]
        for dependent in self._dependents.get(entry.uid, ()):
            self._enqueue("dependent", dependent)
        for owner in _owner_uids(entry.obj):
            self._recheck_owner(owner)
        if entry.resource_key == "/namespaces":
            self._terminating.discard(entry.key)

    def _forget_dependent(self, owner: str, place: Place) -> None:
        places = self._dependents.get(owner)
        if places is not None:
            places.discard(place)
            if not places:
                del self._dependents[owner]

    def _recheck_owner(self, uid: str) -> None:
        """An owner that waits for its dependents may have waited for this one."""
        place = self._places.get(uid)
        owner = self._entry(place) if place else None
        if owner is not None and FOREGROUND in (owner.obj["metadata"].get("finalizers") or ()):
            self._enqueue("owner", (owner.resource_key, owner.key))

    def _judge_dependent(self, resource: Resource, entry: Entry) -> None:
        """Deletes an object none of whose owners is left; else forgets the owners that are gone."""
        owners = entry.obj["metadata"].get("ownerReferences") or []
        alive = [owner for owner in owners if owner["uid"] in self._places]
        if len(alive) == len(owners):
            return
        if alive:
            self._set_owners(resource, entry, alive)
        elif not entry.obj["metadata"].get("deletionTimestamp"):
            self._delete(resource, entry, "Background")

    def _finish_owner(self, resource: Resource, entry: Entry) -> None:
        """Carries out orphaning or foreground deletion of a terminating owner."""
        dependents = list(self._dependents_of(entry.uid))
        finalizers = entry.obj["metadata"].get("finalizers") or []
        if ORPHAN in finalizers:
            for dependent_resource, dependent in dependents:
                owners = dependent.obj["metadata"].get("ownerReferences") or []
                kept = [owner for owner in owners if owner["uid"] != entry.uid]
                self._set_owners(dependent_resource, dependent, kept)
            self._drop_finalizer(resource, entry, ORPHAN)
        elif FOREGROUND in finalizers:
            blocking = [pair for pair in dependents if _blocks(pair[1], entry.uid)]
            for dependent_resource, dependent in dependents:
                if not dependent.obj["metadata"].get("deletionTimestamp"):
                    self._delete(dependent_resource, dependent, "Foreground")
            if not blocking:
                self._drop_finalizer(resource, entry, FOREGROUND)

    def _dependents_of(self, uid: str) -> Iterator[tuple[Resource, Entry]]:
        for place in list(self._dependents.get(uid, ())):
            resource, entry = self._registry.catalog.by_key(place[0]), self._entry(place)
            if resource is not None and entry is not None:
                yield resource, entry

    def _set_owners(self, resource: Resource, entry: Entry, owners: list[Json]) -> None:
        obj = clone(entry.obj)
        if owners:
            obj["metadata"]["ownerReferences"] = owners
        else:
            obj["metadata"].pop("ownerReferences", None)
        self._store(resource, obj)

    def _drop_finalizer(self, resource: Resource, entry: Entry, finalizer: str) -> None:
        obj = clone(entry.obj)
        kept = [item for item in obj["metadata"]["finalizers"] if item != finalizer]
        obj["metadata"]["finalizers"] = kept
        if not kept:
            del obj["metadata"]["finalizers"]
        self._store(resource, obj)

    def _store(self, resource: Resource, obj: Json) -> None:
        meta = obj["metadata"]
        self._registry.update(resource, meta.get("namespace"), meta["name"], obj, options=_MANAGER)

    def _delete(self, resource: Resource, entry: Entry, policy: str) -> None:
        meta = entry.obj["metadata"]
        options = {"propagationPolicy": policy, "preconditions": {"uid": meta["uid"]}}
        self._registry.delete(resource, meta.get("namespace"), meta["name"], options=options)

    def _empty_namespace(self, name: str) -> None:
        """Deletes what is in a terminating namespace; lets it go when nothing is left."""
        entry = self._storage.find("/namespaces", None, name)
        if entry is None or not entry.obj["metadata"].get("deletionTimestamp"):
            return
        remaining: dict[str, list[Entry]] = {}
        for resource in list(self._registry.catalog):
            if resource.namespaced and resource.key not in remaining and resource.verbs != ("create",):
                self._delete_all(resource, name)
                remaining[resource.key] = self._left(resource.key, name)
        remaining = {key: left for key, left in remaining.items() if left}
        obj = clone(self._storage.find("/namespaces", None, name).obj)  # type: ignore[union-attr]
        if not remaining:
            kept = [item for item in (obj.get("spec") or {}).get("finalizers") or () if item != "kubernetes"]
            self.finalize(obj, kept)
            return
        conditions = _conditions(remaining, obj["status"].get("conditions") or [])
        if conditions != obj["status"].get("conditions"):
            obj["status"]["conditions"] = conditions
            self._put_namespace(obj)

    def _delete_all(self, resource: Resource, namespace: str) -> None:
        for entry in self._left(resource.key, namespace):
            if not entry.obj["metadata"].get("deletionTimestamp"):
                self._delete(resource, entry, "Background")

    def _left(self, resource_key: str, namespace: str) -> list[Entry]:
        shelf = self._storage.shelf(resource_key)
        return [shelf.entries[key] for key in shelf.keys(namespace)]

    def finalize(self, namespace: Json, finalizers: list[str]) -> None:
        """Sets the finalizers of a namespace's spec, and lets it go when it has none and is terminating."""
        namespace["spec"] = {"finalizers": finalizers} if finalizers else {}
        self._put_namespace(namespace)

    def _put_namespace(self, obj: Json) -> None:
        name = obj["metadata"]["name"]
        if is_finished(obj):
            self._storage.remove("/namespaces", None, name)
        else:
            self._storage.put("/namespaces", obj)


def _owner_uids(obj: Json) -> Iterator[str]:
    for owner in obj["metadata"].get("ownerReferences") or ():
        yield owner["uid"]


def _blocks(dependent: Entry, uid: str) -> bool:
    owners = dependent.obj["metadata"].get("ownerReferences") or ()
    return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in owners)


def _conditions(remaining: dict[str, list[Entry]], before: list[Json]) -> list[Json]:
    """What ``kubectl describe namespace`` shows while something is left."""
    counts = ", ".join(f"{_dotted(key)} has {len(left)} resource instances" for key, left in sorted(remaining.items()))
    finalizers: dict[str, int] = {}
    for entry in (entry for left in remaining.values() for entry in left):
        for finalizer in entry.obj["metadata"].get("finalizers") or ():
            finalizers[finalizer] = finalizers.get(finalizer, 0) + 1
    waiting = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
    rows = [
        ("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
        (
            "NamespaceDeletionGroupVersionParsingFailure",
            "False",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        (
            "NamespaceDeletionContentFailure",
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        ("NamespaceContentRemaining", "True", "SomeResourcesRemain", f"Some resources are remaining: {counts}"),
        (
            "NamespaceFinalizersRemaining",
            "True" if waiting else "False",
            "SomeFinalizersRemain" if waiting else "ContentHasNoFinalizers",
            f"Some content in the namespace has finalizers remaining: {waiting}"
            if waiting
            else "All content-preserving finalizers finished",
        ),
    ]
    since = {(item["type"], item["status"]): item["lastTransitionTime"] for item in before}
    return [
        {
            "type": kind,
            "status": status,
            "lastTransitionTime": since.get((kind, status), now()),
            "reason": reason,
            "message": message,
        }
        for kind, status, reason, message in rows
    ]


def _dotted(resource_key: str) -> str:
    group, _, plural = resource_key.partition("/")
    return f"{plural}.{group}"
