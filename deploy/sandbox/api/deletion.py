"""Deletes: preconditions, grace, finalizers and what a propagation policy asks for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .custom.definition import CLEANUP
from .custom.served import DEFINITIONS
from .errors import conflict, invalid, not_found, unsupported
from .jsontypes import Json, clone, dig
from .kinds.kind import Kind
from .resources import Resource
from .storage import Entry
from .writes import is_finished

if TYPE_CHECKING:
    from .registry import Registry

ORPHAN = "orphan"
FOREGROUND = "foregroundDeletion"
_POLICIES = ("Background", "Foreground", "Orphan")
_PRECONDITIONS = (
    ("uid", "UID", "The object might have been deleted and then recreated"),
    ("resourceVersion", "ResourceVersion", "The object might have been modified"),
)


class Deleter:
    """Deletes objects, or marks them as terminating when somebody still has to act."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._storage = registry.storage

    def delete(self, resource: Resource, namespace: str | None, name: str, options: Json) -> tuple[Json, bool]:
        """The object as it is now or last was, and whether it is gone."""
        _check_options(options)
        entry = self._storage.find(resource.key, namespace, name)
        if entry is None:
            raise not_found(resource, name)
        _check_preconditions(resource, entry, options.get("preconditions") or {})
        kind = self._registry.kind_of(resource)
        self._registry.admission.allow_delete(resource, entry.obj)
        obj = self._marked(resource, kind, entry, options)
        if options.get("dryRun"):
            return obj, is_finished(obj)
        if not is_finished(obj):
            return (self._storage.put(resource.key, obj).obj if obj != entry.obj else obj), False
        return self._storage.remove(resource.key, namespace, name).obj, True

    def _marked(self, resource: Resource, kind: Kind, entry: Entry, options: Json) -> Json:
        """The object with deletion timestamp, grace and the finalizers of the policy."""
        obj = clone(entry.obj)
        meta = obj["metadata"]
        finalizers = _finalizers(meta.get("finalizers") or [], self._policy(kind, meta, options))
        if resource.key == DEFINITIONS and self._has_objects(obj) and CLEANUP not in finalizers:
            finalizers.append(CLEANUP)
        if finalizers:
            meta["finalizers"] = finalizers
        else:
            meta.pop("finalizers", None)
        grace = _grace(obj, options) if kind.graceful else 0
        before = meta.get("deletionGracePeriodSeconds")
        if meta.get("deletionTimestamp") and (before is None or grace >= before):
            return obj
        when = datetime.now(UTC) + timedelta(seconds=grace)
        meta["deletionTimestamp"] = meta.get("deletionTimestamp") or when.strftime("%Y-%m-%dT%H:%M:%SZ")
        if before is not None:
            meta["deletionTimestamp"] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
        meta["deletionGracePeriodSeconds"] = grace
        if meta.get("generation") and before is None:
            meta["generation"] += 1
        if resource.key == "/namespaces":
            meta.pop("deletionGracePeriodSeconds")
            obj["status"] = (obj.get("status") or {}) | {"phase": "Terminating"}
        return obj

    def _has_objects(self, definition: Json) -> bool:
        spec = definition["spec"]
        return bool(self._storage.shelf(f"{spec['group']}/{spec['names']['plural']}").entries)

    def _policy(self, kind: Kind, meta: Json, options: Json) -> str:
        policy: str = options.get("propagationPolicy") or ""
        if policy:
            return policy
        if options.get("orphanDependents") is not None:
            return "Orphan" if options["orphanDependents"] else "Background"
        chosen = set(meta.get("finalizers") or ()) & {ORPHAN, FOREGROUND}
        if chosen:
            return ""
        return "Orphan" if kind.orphans_dependents else "Background"


def _finalizers(current: list[str], policy: str) -> list[str]:
    if not policy:
        return list(current)
    kept = [item for item in current if item not in {ORPHAN, FOREGROUND}]
    extra = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND]}.get(policy, [])
    return kept + extra


def _grace(obj: Json, options: Json) -> int:
    """Seconds a pod may take to stop; a pod that runs nowhere, or no longer, needs none."""
    if not dig(obj, "spec", "nodeName") or dig(obj, "status", "phase") in {"Succeeded", "Failed"}:
        return 0
    asked = options.get("gracePeriodSeconds")
    grace = asked if asked is not None else dig(obj, "spec", "terminationGracePeriodSeconds", default=30)
    return max(1, int(grace)) if int(grace) < 0 else int(grace)


def _check_options(options: Json) -> None:
    policy = options.get("propagationPolicy")
    if policy and policy not in _POLICIES:
        cause = unsupported("propagationPolicy", policy, [*_POLICIES, "nil"])
        raise invalid("meta.k8s.io", "DeleteOptions", "", [cause])


def _check_preconditions(resource: Resource, entry: Entry, preconditions: Json) -> None:
    meta = entry.obj["metadata"]
    for field, label, guess in _PRECONDITIONS:
        wanted = preconditions.get(field)
        if wanted is not None and wanted != meta[field]:
            why = f"the {label} in the precondition ({wanted}) does not match the {label} in record ({meta[field]})."
            # Kubernetes names the kind here, where it otherwise names the resource.
            raise conflict(replace(resource, plural=resource.kind), meta["name"], f"{why} {guess}")
