"""The objects of a simulated Kubernetes: what is kept, what a namespace lets in, and how objects go."""

import copy
from collections.abc import Iterator
from itertools import count
from typing import Any

from provisioner.cluster import AlreadyExists, Conflict, Kind, Manifest, NotFound, Terminating, kind_of
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME_CLAIM
from tests.simulation.clock import Clock

Key = tuple[str, str, str]
_SLOW_TO_GO = (NAMESPACE.plural, PERSISTENT_VOLUME_CLAIM.plural)
"""Kinds whose deletion is only a mark at first; `controllers` removes them when they may go."""


class Objects:
    """All objects by kind, namespace and name, with the rules that every API server has."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._all: dict[Key, Manifest] = {}
        self._changed: dict[Key, float] = {}
        self._numbers = count(1)

    def find(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        """A copy of the object."""
        return copy.deepcopy(self._all.get((kind.plural, namespace or "", name)))

    def every(self, kind: Kind, namespace: str | None = None, selector: str = "") -> Iterator[Manifest]:
        """Copies of the objects of a kind, of all namespaces when none is given."""
        wanted = dict(part.split("=", 1) for part in selector.split(",") if part)
        for (plural, place, _), manifest in sorted(self._all.items()):
            if plural == kind.plural and namespace in (None, place):
                found = manifest["metadata"].get("labels", {})
                if wanted.items() <= found.items():
                    yield copy.deepcopy(manifest)

    def age(self, kind: Kind, name: str, namespace: str | None = None) -> float:
        """Seconds since the object was last changed by anybody."""
        return self.clock.monotonic() - self._changed[kind.plural, namespace or "", name]

    def put(self, manifest: Manifest, *, new: bool = False, exact: bool = False) -> tuple[Manifest, bool]:
        """Create the object or merge into it (`exact`: replace it); the object, and whether anything changed."""
        key = _key(manifest)
        present = self._all.get(key)
        if present is None:
            if exact:
                raise NotFound(f"{key} is not there", code=404)
            return self._create(key, manifest), True
        if new:
            raise AlreadyExists(f"{key} exists", code=409)
        version = manifest["metadata"].get("resourceVersion")
        if version and version != present["metadata"]["resourceVersion"]:
            raise Conflict(f"{key} has changed", code=409)
        wanted = copy.deepcopy(manifest) if exact else merged(present, manifest)
        return self._change(key, present, wanted)

    def put_status(self, manifest: Manifest) -> tuple[Manifest, bool]:
        """Put a whole status in the place of the present one."""
        key = _key(manifest)
        present = self._all.get(key)
        if present is None:
            raise NotFound(f"{key} is not there", code=404)
        return self._change(key, present, copy.deepcopy({**present, "status": manifest["status"]}))

    def _create(self, key: Key, manifest: Manifest) -> Manifest:
        self._admit(key)
        made = copy.deepcopy(manifest)
        made["metadata"] |= {"uid": f"uid-{next(self._numbers)}", "generation": 1}
        return copy.deepcopy(self._keep(key, made))

    def _admit(self, key: Key) -> None:
        """A namespaced object needs its namespace, and one that is going away takes in nothing new."""
        _, namespace, name = key
        if not namespace:
            return
        found = self._all.get((NAMESPACE.plural, "", namespace))
        if found is None:
            raise NotFound(f'namespaces "{namespace}" not found', code=404)
        if found["metadata"].get("deletionTimestamp"):
            raise Terminating(
                f"unable to create {name} in namespace {namespace} because it is being terminated", code=403
            )

    def _change(self, key: Key, present: Manifest, wanted: Manifest) -> tuple[Manifest, bool]:
        if wanted == present:
            return copy.deepcopy(present), False
        if wanted.get("spec") != present.get("spec"):
            wanted["metadata"]["generation"] = present["metadata"]["generation"] + 1
        kept = self._keep(key, wanted)
        if kept["metadata"].get("deletionTimestamp") and not kept["metadata"].get("finalizers"):
            self._forget_unless_slow(key)
        return copy.deepcopy(kept), True

    def _keep(self, key: Key, manifest: Manifest) -> Manifest:
        manifest["metadata"]["resourceVersion"] = str(next(self._numbers))
        self._all[key], self._changed[key] = manifest, self.clock.monotonic()
        return manifest

    def mark(self, kind: Kind, name: str, namespace: str | None = None) -> bool:
        """Ask an object to go; false when it isn't there."""
        key = (kind.plural, namespace or "", name)
        present = self._all.get(key)
        if present is None:
            return False
        if not present["metadata"].get("deletionTimestamp"):
            present["metadata"]["deletionTimestamp"] = self.clock.now().isoformat()
            self._keep(key, present)
        if not present["metadata"].get("finalizers"):
            self._forget_unless_slow(key)
        return True

    def _forget_unless_slow(self, key: Key) -> None:
        if key[0] not in _SLOW_TO_GO:
            del self._all[key]

    def remove(self, kind: Kind, name: str, namespace: str | None = None) -> None:
        """The object is gone, and with a namespace all that is in it."""
        del self._all[kind.plural, namespace or "", name]
        if kind == NAMESPACE:
            for key in [key for key in self._all if key[1] == name]:
                del self._all[key]

    def write_status(self, kind: Kind, name: str, namespace: str | None, status: Manifest) -> None:
        """A controller's word; it doesn't count as a change of the object."""
        self._all[kind.plural, namespace or "", name]["status"] = status


def _key(manifest: Manifest) -> Key:
    kind, metadata = kind_of(manifest), manifest["metadata"]
    return kind.plural, metadata.get("namespace", "") if kind.namespaced else "", metadata["name"]


def merged(present: Any, patch: Any) -> Any:
    """A merge patch (RFC 7396), which is close enough to server-side apply for objects that have one writer."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(present) if isinstance(present, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return copy.deepcopy(result)
