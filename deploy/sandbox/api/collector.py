"""What follows from a change without being asked for: garbage collection and the end of namespaces."""

import logging
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .access.aggregation import aggregate
from .access.authorizer import CLUSTER_ROLES
from .custom.served import DEFINITIONS
from .deletion import FOREGROUND, ORPHAN
from .errors import ApiError
from .jsontypes import Json, clone
from .namespaces import Endings
from .options import WriteOptions
from .resources import Resource
from .storage import Entry

if TYPE_CHECKING:
    from .registry import Registry

log = logging.getLogger("sandbox.api")

Place = tuple[str, str]  # resource key and object key
_QUOTAS = "/resourcequotas"
_FURNITURE = {"/serviceaccounts", "/configmaps"}
_MANAGER = WriteOptions(manager="kube-controller-manager")


class Collector:
    """Deletes what lost its owner, frees what was orphaned, empties terminating namespaces.

    Work is queued by changes and done right after the request that caused it, so that nothing is
    ever polled: an idle registry costs nothing.
    """

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._storage = registry.storage
        self.endings = Endings(registry)
        self._places: dict[str, Place] = {}  # by uid
        self._dependents: dict[str, set[Place]] = {}  # by uid of the owner
        self._queue: deque[tuple[str, Place]] = deque()
        self._queued: set[tuple[str, Place]] = set()
        self._terminating: set[str] = set()  # namespaces
        self._ending: dict[str, Place] = {}  # definitions by the resource key of their objects
        self._busy = False

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
        """Does all queued work; what that work queues in turn is done in the same go."""
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue:
                work = self._queue.popleft()
                self._queued.discard(work)
                self._attempt(*work)
        finally:
            self._busy = False

    def _attempt(self, task: str, place: Place) -> None:
        try:
            self._do(task, place)
        except ApiError as error:  # the request that caused the work has succeeded and must not fail for it
            log.warning("%s of %s %s was refused: %s", task, *place, error)

    def _do(self, task: str, place: Place) -> None:
        if task == "namespace":
            self.endings.empty_namespace(place[1])
            return
        if task == "quota":
            self._registry.admission.quotas.recount(place[1])
            return
        if task == "furnish":
            self._furnish(place[1])
            return
        if task == "aggregate":
            aggregate(self._registry)
            return
        if task == "definition":
            self.endings.empty_definition(place[1])
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
        elif namespace and (entry.resource_key == _QUOTAS or self._registry.admission.quotas.of(namespace)):
            self._enqueue("quota", (_QUOTAS, namespace))
        if entry.resource_key in _FURNITURE and kind == "DELETED":
            self._enqueue("furnish", ("/namespaces", str(namespace)))
        if entry.resource_key == "/namespaces" and kind == "ADDED":
            self._enqueue("furnish", place)
        if entry.resource_key == CLUSTER_ROLES:
            self._enqueue("aggregate", (CLUSTER_ROLES, ""))
        if entry.resource_key in self._ending:
            self._enqueue("definition", self._ending[entry.resource_key])

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
            if entry.resource_key == DEFINITIONS:
                self._ending[_objects_key(entry)] = place
                self._enqueue("definition", place)
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
        if entry.resource_key == DEFINITIONS:
            self._ending.pop(_objects_key(entry), None)

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

    def _furnish(self, name: str) -> None:
        namespace = self._storage.find("/namespaces", None, name)
        if namespace is not None:
            self._registry.admission.namespaces.furnish(namespace)

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


def _owner_uids(obj: Json) -> Iterator[str]:
    for owner in obj["metadata"].get("ownerReferences") or ():
        yield owner["uid"]


def _objects_key(definition: Entry) -> str:
    spec = definition.obj["spec"]
    return f"{spec['group']}/{spec['names']['plural']}"


def _blocks(dependent: Entry, uid: str) -> bool:
    owners = dependent.obj["metadata"].get("ownerReferences") or ()
    return any(owner["uid"] == uid and owner.get("blockOwnerDeletion") for owner in owners)
