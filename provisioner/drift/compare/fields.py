"""Who wrote a field, as `metadata.managedFields` tells (Kubernetes' structured-merge-diff, FieldsV1)."""

import json
from collections.abc import Mapping
from typing import Any

from provisioner.drift.compare.differing import Difference

Manifest = Mapping[str, Any]


def managers_of(manifest: Manifest, difference: Difference) -> list[str]:
    """The names of those who manage the place of a difference, the latest first; none for a field that isn't there."""
    entries = [entry for entry in _entries(manifest) if _holds(entry.get("fieldsV1") or {}, difference.fields)]
    return list(dict.fromkeys(entry.get("manager", "") for entry in _latest_first(entries)))


def scaled_by(manifest: Manifest) -> str:
    """The autoscaler that set the replicas of a workload through its `scale`; empty when none did.

    `kubectl scale` goes the same way, and is a person's.
    """
    for entry in _latest_first(list(_entries(manifest))):
        manager = str(entry.get("manager", ""))
        if entry.get("subresource") == "scale" and not manager.startswith("kubectl"):
            return manager
    return ""


def _entries(manifest: Manifest) -> list[Manifest]:
    found: list[Manifest] = (manifest.get("metadata") or {}).get("managedFields") or []
    return found


def _latest_first(entries: list[Manifest]) -> list[Manifest]:
    return sorted(entries, key=lambda entry: str(entry.get("time", "")), reverse=True)


def _holds(tree: Manifest, fields: tuple[str, ...]) -> bool:
    """Whether the tree names the place, or something above it that counts as one value."""
    node = tree
    for number, element in enumerate(fields):
        child = _child(node, element)
        if child is None:
            return number > 0 and not node
        node = child
    return True


def _child(node: Manifest, element: str) -> Manifest | None:
    if not element.startswith("k:"):
        found: Manifest | None = node.get(element)
        return found
    wanted = json.loads(element[2:])
    return next((node[name] for name in node if name.startswith("k:") and json.loads(name[2:]) == wanted), None)
