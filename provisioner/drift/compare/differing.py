"""The walk over a wanted and a found object, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from provisioner.drift.compare import schema, values

Manifest = Mapping[str, Any]

HIDDEN = "(hidden)"
"""In place of every value of a Secret."""

LOST = "(lost)"
"""In place of one that is known nowhere any more, or of a whole Secret."""

_SERVERS_OWN = frozenset({"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"})
_NOT_COMPARED = frozenset({"apiVersion", "kind", "status"})


@dataclass(frozen=True)
class Difference:
    """One place. `path` is a JSON pointer (RFC 6901) into the wanted object, so that what others add to a list moves
    nothing; `fields` is the same place as Kubernetes' `managedFields` spell it. None is an absent value."""

    path: str
    wanted: Any
    found: Any
    fields: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As it is kept and shown."""
        return {"path": self.path, "wanted": self.wanted, "found": self.found}


@dataclass(frozen=True)
class _Place:
    """Where the walk is: the tokens of the pointer, the names of fields alone, and `managedFields`' spelling."""

    kind: str
    tokens: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def field(self, name: str) -> _Place:
        return _Place(self.kind, (*self.tokens, name), (*self.names, name), (*self.fields, f"f:{name}"))

    def item(self, index: int, element: str) -> _Place:
        return _Place(self.kind, (*self.tokens, str(index)), self.names, (*self.fields, element))

    def differs(self, wanted: Any, found: Any) -> Difference:
        pointer = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in self.tokens)
        return Difference(pointer, wanted, found, self.fields)


def differences(wanted: Manifest, found: Manifest) -> list[Difference]:
    """What of the wanted object isn't so in the one that was found.

    Values of Secrets are never told. One that isn't known (None) is right as long as there is any.
    """
    top = _Place(str(wanted.get("kind", "")))
    said = {name: value for name, value in wanted.items() if name not in _NOT_COMPARED}
    metadata = {name: value for name, value in (said.pop("metadata", None) or {}).items() if name not in _SERVERS_OWN}
    there = found.get("metadata") or {}
    return [
        *_map(metadata, {"namespace": metadata.get("namespace"), **there}, top.field("metadata")),
        *(_values(said, found, top) if top.kind == "Secret" else ()),
        *_map(_without_secrets(said) if top.kind == "Secret" else said, found, top),
    ]


def differs(one: Manifest, other: Manifest) -> bool:
    """Whether two states of one object differ in anything but what the API server keeps for itself."""
    return _bare(one) != _bare(other)


def value_at(manifest: Any, difference: Difference) -> Any:
    """The value at a difference's place, found by the keys of lists; None where there is none."""
    node = manifest
    for element in difference.fields:
        node = _step(node, element)
        if node is None:
            return None
    return node


def _step(node: Any, element: str) -> Any:
    spelling, _, rest = element.partition(":")
    if spelling == "f":
        return node.get(rest) if isinstance(node, Mapping) else None
    if not isinstance(node, Sequence) or isinstance(node, str):
        return None
    if spelling == "i":
        return node[int(rest)] if int(rest) < len(node) else None
    wanted = json.loads(rest)
    if spelling == "v":
        return wanted if wanted in node else None
    keys = tuple(wanted)
    key = schema.key_of(wanted, keys)
    return next((item for item in node if isinstance(item, Mapping) and schema.key_of(item, keys) == key), None)


def _bare(manifest: Manifest) -> dict[str, Any]:
    kept = {name: value for name, value in manifest.items() if name not in _NOT_COMPARED}
    metadata = kept.get("metadata") or {}
    return {**kept, "metadata": {name: value for name, value in metadata.items() if name not in _SERVERS_OWN}}


def _values(wanted: Manifest, found: Manifest, top: _Place) -> Iterator[Difference]:
    there = found.get("data") or {}
    for key, value in sorted({**(wanted.get("data") or {}), **dict.fromkeys(wanted.get("stringData") or {})}.items()):
        place = top.field("data").field(key)
        if value is None and not there.get(key):
            yield place.differs(LOST, None)
        elif value is not None and there.get(key) != value:
            yield place.differs(HIDDEN, HIDDEN if there.get(key) else None)


def _without_secrets(wanted: Manifest) -> Manifest:
    return {name: value for name, value in wanted.items() if name not in ("data", "stringData")}


def _any(wanted: Any, found: Any, place: _Place) -> Iterator[Difference]:
    name = place.names[-1]
    if isinstance(wanted, Mapping) and name in schema.ATOMIC_MAPS:
        if not _one(wanted, found or {}, place):
            yield place.differs(wanted, found)
    elif values.is_empty(wanted) and values.is_empty(found):
        return
    elif isinstance(wanted, Mapping):
        # Nothing in particular was asked for, so whatever is there is right; but nothing at all may mean something.
        if wanted and not isinstance(found, Mapping):
            yield place.differs(wanted, found)
        elif wanted:
            yield from _map(wanted, found, place)
    elif isinstance(wanted, list):
        yield from _list(wanted, found if isinstance(found, list) else [], place)
    elif wanted is not None and not _plain(wanted, found, place):
        yield place.differs(wanted, found)


def _map(wanted: Manifest, found: Manifest, place: _Place) -> Iterator[Difference]:
    for name, value in wanted.items():
        there = found.get(name)
        # Nearly always; where one stands is only worked out for what isn't plainly the same.
        if value != there:
            yield from _any(value, there, place.field(name))


def _list(wanted: list[Any], found: list[Any], place: _Place) -> Iterator[Difference]:
    name = place.names[-1]
    keys = schema.keys_of(name, place.kind, wanted or found)
    if keys:
        yield from _keyed(wanted, found, keys, place)
    elif name in schema.SETS:
        for index, value in enumerate(wanted):
            if value not in found:
                yield place.item(index, f"v:{json.dumps(value)}").differs(value, None)
    elif len(wanted) != len(found):
        yield place.differs(wanted, found)
    else:
        for index, (one, other) in enumerate(zip(wanted, found, strict=True)):
            if not _one(one, other, place):
                yield place.item(index, f"i:{index}").differs(one, other)


def _keyed(wanted: list[Any], found: list[Any], keys: tuple[str, ...], place: _Place) -> Iterator[Difference]:
    there = {schema.key_of(item, keys): item for item in found}
    for index, item in enumerate(wanted):
        key = schema.key_of(item, keys)
        inside = place.item(index, f"k:{json.dumps(dict(key), separators=(',', ':'), sort_keys=True)}")
        if key not in there:
            yield inside.differs(item, None)
        else:
            yield from _map(item, there[key], inside)


def _one(wanted: Any, found: Any, place: _Place) -> bool:
    """Whether what counts as one value is the same, but for what an API server fills in."""
    if wanted == found:
        return True
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return all(_one_field(name, wanted, found, place) for name in {**wanted, **found})
    if isinstance(wanted, list) and isinstance(found, list):
        pairs = zip(wanted, found, strict=False)
        return len(wanted) == len(found) and all(_one(one, other, place) for one, other in pairs)
    return (values.is_empty(wanted) and values.is_empty(found)) or _plain(wanted, found, place)


def _one_field(name: str, wanted: Manifest, found: Manifest, place: _Place) -> bool:
    if name not in wanted:
        return name in schema.ADDED_BY_SERVER or _is_nothing(found[name])
    return _one(wanted[name], found.get(name), place.field(name))


def _is_nothing(value: Any) -> bool:
    """An empty map is something inside one value: `podSelector: {}` means all pods, and its absence none."""
    return values.is_empty(value) and not isinstance(value, Mapping)


def _plain(wanted: Any, found: Any, place: _Place) -> bool:
    if values.same(wanted, found):
        return True
    if isinstance(wanted, Mapping | list) or isinstance(found, Mapping | list) or found is None or wanted is None:
        return False
    if schema.is_quantity(place.names):
        return values.same_quantity(wanted, found)
    return place.names[-1] in schema.INT_OR_STRING and str(wanted) == str(found)
