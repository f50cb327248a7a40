"""Bringing wanted manifests into the form in which they are kept and compared."""

from collections.abc import Mapping
from typing import Any

from provisioner.cluster import Manifest

_DIRECTIONS = {"Ingress": "ingress", "Egress": "egress"}


def completed(manifest: Manifest) -> Manifest:
    """The manifest with what it means by saying nothing.

    A NetworkPolicy that is about a direction and has no rules for it lets nothing through: a rule that somebody adds
    there is a difference, and the empty list takes it away again.
    """
    if manifest.get("kind") != "NetworkPolicy":
        return manifest
    spec = manifest.get("spec") or {}
    fields = (_DIRECTIONS[each] for each in spec.get("policyTypes") or ["Ingress"] if each in _DIRECTIONS)
    silent = {field: [] for field in fields if not spec.get(field)}
    return {**manifest, "spec": {**spec, **silent}} if silent else manifest


def redacted(manifest: Manifest) -> Manifest:
    """A Secret with its keys and without its values; anything else as it is."""
    if manifest.get("kind") != "Secret":
        return manifest
    values: Mapping[str, Any] = {**(manifest.get("data") or {}), **(manifest.get("stringData") or {})}
    bare = {name: value for name, value in manifest.items() if name not in ("data", "stringData")}
    return {**bare, "data": dict.fromkeys(sorted(values))}
