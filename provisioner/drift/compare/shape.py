"""Bringing wanted manifests into the form in which they are kept and compared, and that in which they are applied."""

import copy
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from provisioner.cluster import Manifest
from provisioner.drift.compare import schema
from provisioner.drift.compare.differing import Difference

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
    silent: dict[str, list[Any]] = {field: [] for field in fields if not spec.get(field)}
    return {**manifest, "spec": {**spec, **silent}} if silent else manifest


def redacted(manifest: Manifest) -> Manifest:
    """A Secret with its keys and without its values; anything else as it is."""
    if manifest.get("kind") != "Secret":
        return manifest
    values: Mapping[str, Any] = {**(manifest.get("data") or {}), **(manifest.get("stringData") or {})}
    bare = {name: value for name, value in manifest.items() if name not in ("data", "stringData")}
    return {**bare, "data": dict.fromkeys(sorted(values))}


def leaving(manifest: Manifest, differences: Iterable[Difference]) -> Manifest:
    """The manifest with what was found put in the places of these differences: applying it leaves them as they are.

    Leaving the fields out would not: an apply removes what its manager owned and names no more.
    """
    changed = copy.deepcopy(manifest)
    # From behind, so that taking an item out of a list moves no place that is still to come.
    for difference in sorted(differences, key=_place, reverse=True):
        *way, last = _tokens(difference.path)
        node: Any = changed
        for token in way:
            node = node[_index(node, token)]
        if difference.found is None:
            del node[_index(node, last)]
        else:
            node[_index(node, last)] = copy.deepcopy(difference.found)
    return changed


def displaced(wanted: Manifest, found: Manifest) -> Iterator[tuple[str, Any, Any]]:
    """Ports that took the place of ours: a pointer into what was found, that port, and the one that belongs there.

    A port's key is its number, so that one with another number is another item, and an apply would add ours beside
    it; but both have one name, which no API server accepts.
    """
    for pointer, ours, theirs in _ports(wanted, found):
        keys = schema.keys_of("ports", str(wanted.get("kind")), ours)
        known = {schema.key_of(port, keys) for port in ours}
        there = {schema.key_of(port, keys) for port in theirs}
        missing = {port.get("name"): port for port in ours if schema.key_of(port, keys) not in there}
        for index, port in enumerate(theirs):
            if schema.key_of(port, keys) not in known and port.get("name") in missing:
                yield f"{pointer}/{index}", port, missing[port.get("name")]


def _ports(wanted: Manifest, found: Manifest) -> Iterator[tuple[str, list[Any], list[Any]]]:
    kind, spec, there = wanted.get("kind"), wanted.get("spec") or {}, found.get("spec") or {}
    if kind == "Service":
        yield "/spec/ports", spec.get("ports") or [], there.get("ports") or []
    if kind in ("Deployment", "StatefulSet"):
        for group in ("initContainers", "containers"):
            ours = {each["name"]: each for each in _containers(spec, group)}
            for index, container in enumerate(_containers(there, group)):
                ports = ours.get(container["name"], {}).get("ports") or []
                pointer = f"/spec/template/spec/{group}/{index}/ports"
                yield pointer, ports, container.get("ports") or []


def _containers(spec: Mapping[str, Any], group: str) -> list[Any]:
    return ((spec.get("template") or {}).get("spec") or {}).get(group) or []


def _place(difference: Difference) -> list[tuple[int, str]]:
    return [(int(token) if token.isdigit() else -1, token) for token in _tokens(difference.path)]


def _tokens(pointer: str) -> list[str]:
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _index(node: Any, token: str) -> Any:
    return int(token) if isinstance(node, list) else token
