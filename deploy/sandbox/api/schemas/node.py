"""A schema at one place of an object, whether it comes from Kubernetes' own definitions or from a CRD.

Merging, field ownership, pruning and validation all walk objects beside these nodes.
"""

from __future__ import annotations

from typing import Any

from ..jsontypes import Json

# In the published schemas defaults are left out, but server-side apply needs those of list-map keys.
_KEY_DEFAULTS = {"protocol": "TCP"}
_REF = "#/$defs/"


class Node:
    """What may stand at one place of an object."""

    __slots__ = ("_children", "_definitions", "_items", "_values", "name", "raw", "structural", "type")

    def __init__(self, raw: Json, definitions: Json, *, structural: bool = False) -> None:
        self.raw = raw
        self.structural = structural and "$ref" not in raw  # a CRD's: nothing is free unless it says so
        self.name = ""  # of the definition, for messages
        self._definitions = definitions
        if "$ref" in raw:
            self.name = raw["$ref"].removeprefix(_REF)
            self.raw = definitions[self.name] | {key: value for key, value in raw.items() if key != "$ref"}
        declared = self.raw.get("type", "")
        self.type: str = next((item for item in declared if item != "null"), "") if _is_list(declared) else declared
        self._children: dict[str, Node] = {}
        self._items: Node | None = None
        self._values: Node | None = None

    def _made(self, raw: Json) -> Node:
        return Node(raw, self._definitions, structural=self.structural)

    @property
    def properties(self) -> Json:
        """The raw schemas of the named fields."""
        found: Json = self.raw.get("properties") or {}
        return found

    def child(self, key: str) -> Node | None:
        """The schema of a field or of a map's value; None when it is not declared."""
        if key in self.properties:
            if key not in self._children:
                self._children[key] = self._made(self.properties[key])
            return self._children[key]
        return self.values

    @property
    def values(self) -> Node | None:
        """The schema of a map's values, None when there is no such map."""
        if self._values is None:
            raw = self.raw.get("additionalProperties")
            if raw is True:
                raw = {}
            if isinstance(raw, dict):
                self._values = self._made(raw)
        return self._values

    @property
    def items(self) -> Node:
        """The schema of a list's items."""
        if self._items is None:
            self._items = self._made(self.raw.get("items") or {})
        return self._items

    @property
    def is_map(self) -> bool:
        """An object with free keys."""
        return self.type == "object" and not self.properties

    @property
    def is_atomic(self) -> bool:
        """Replaced and owned as a whole."""
        if self.type == "array":
            return self.list_type == "atomic"
        if self.raw.get("x-kubernetes-map-type") == "atomic":
            return True
        if self.preserves:
            return False  # its fields are taken as they come
        return self.type != "object" or self.is_open

    @property
    def is_open(self) -> bool:
        """Nothing at all is said about what is inside."""
        if self.preserves:
            return not self.properties and self.values is None
        free = {""} if self.structural else {"", "object"}
        return not self.properties and self.values is None and self.type in free

    @property
    def preserves(self) -> bool:
        """Unknown fields are kept."""
        return bool(self.raw.get("x-kubernetes-preserve-unknown-fields"))

    @property
    def list_type(self) -> str:
        """atomic, set or map."""
        found: str = self.raw.get("x-kubernetes-list-type") or "atomic"
        return found

    @property
    def map_keys(self) -> list[str]:
        """The fields that identify an item of a list-map."""
        found: list[str] = self.raw.get("x-kubernetes-list-map-keys") or []
        return found

    def key_default(self, key: str) -> Any:
        """The value of an identifying field that is left out."""
        declared = (self.items.properties.get(key) or {}).get("default")
        return declared if declared is not None else _KEY_DEFAULTS.get(key)

    @property
    def merge_key(self) -> str:
        """The field by which strategic merge tells items apart."""
        found: str = self.raw.get("x-kubernetes-patch-merge-key") or ""
        return found

    @property
    def strategies(self) -> set[str]:
        """The strategies of strategic merge: merge, retainKeys."""
        return set(filter(None, (self.raw.get("x-kubernetes-patch-strategy") or "").split(",")))

    @property
    def required(self) -> list[str]:
        """The names of fields that must be there."""
        found: list[str] = self.raw.get("required") or []
        return found


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


OPEN = Node({"x-kubernetes-preserve-unknown-fields": True}, {})
