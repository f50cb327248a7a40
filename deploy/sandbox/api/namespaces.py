"""The end of namespaces and of custom kinds: everything in them goes first."""

from typing import TYPE_CHECKING

from .custom.definition import CLEANUP
from .custom.served import DEFINITIONS
from .jsontypes import Json, clone
from .metadata import now
from .resources import Resource
from .storage import Entry
from .writes import is_finished

if TYPE_CHECKING:
    from .registry import Registry


class Endings:
    """Empties what is terminating, and lets it go when nothing is left."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._storage = registry.storage

    def empty_namespace(self, name: str) -> None:
        """Deletes what is in a terminating namespace; tells in its conditions what remains."""
        entry = self._storage.find("/namespaces", None, name)
        if entry is None or not entry.obj["metadata"].get("deletionTimestamp"):
            return
        remaining: dict[str, list[Entry]] = {}
        for resource in list(self._registry.catalog):
            if resource.namespaced and resource.key not in remaining and resource.verbs != ("create",):
                self._delete_all(resource, name)
                remaining[resource.key] = self._left(resource.key, name)
        remaining = {key: left for key, left in remaining.items() if left}
        obj = clone(self._registry.entry(self._registry.resource("namespaces"), None, name).obj)
        if not remaining:
            kept = [item for item in (obj.get("spec") or {}).get("finalizers") or () if item != "kubernetes"]
            self.finalize(obj, kept)
            return
        conditions = _conditions(remaining, obj["status"].get("conditions") or [])
        if conditions != obj["status"].get("conditions"):
            obj["status"]["conditions"] = conditions
            self._put_namespace(obj)

    def finalize(self, namespace: Json, finalizers: list[str]) -> None:
        """Sets the finalizers of a namespace's spec, and lets it go when it has none and is terminating."""
        namespace["spec"] = {"finalizers": finalizers} if finalizers else {}
        self._put_namespace(namespace)

    def _put_namespace(self, obj: Json) -> None:
        if is_finished(obj):
            self._storage.remove("/namespaces", None, obj["metadata"]["name"])
        else:
            self._storage.put("/namespaces", obj)

    def empty_definition(self, name: str) -> None:
        """Deletes all objects of a terminating custom kind, then its definition."""
        entry = self._storage.find(DEFINITIONS, None, name)
        if entry is None or CLEANUP not in (entry.obj["metadata"].get("finalizers") or ()):
            return
        spec = entry.obj["spec"]
        resource = self._registry.catalog.preferred(spec["names"]["plural"], spec["group"])
        self._delete_all(resource, None)
        if self._left(resource.key, None):
            return
        obj = clone(entry.obj)
        obj["metadata"]["finalizers"] = [item for item in obj["metadata"]["finalizers"] if item != CLEANUP]
        if is_finished(obj):
            self._storage.remove(DEFINITIONS, None, name)
        else:
            self._storage.put(DEFINITIONS, obj)

    def _delete_all(self, resource: Resource, namespace: str | None) -> None:
        for entry in self._left(resource.key, namespace):
            meta = entry.obj["metadata"]
            if not meta.get("deletionTimestamp"):
                options = {"propagationPolicy": "Background", "preconditions": {"uid": meta["uid"]}}
                self._registry.delete(resource, meta.get("namespace"), meta["name"], options=options)

    def _left(self, resource_key: str, namespace: str | None) -> list[Entry]:
        shelf = self._storage.shelf(resource_key)
        return [shelf.entries[key] for key in shelf.keys(namespace)]


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
