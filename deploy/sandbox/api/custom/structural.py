"""Pruning and defaulting of custom resources by their structural schema."""

from typing import Any

from ..jsontypes import Json, clone
from ..schemas.node import Node

_EMBEDDED = {"apiVersion", "kind", "metadata"}


def prune(value: Any, node: Node, path: str, unknown: list[str]) -> None:
    """Drops fields that the schema does not declare, in place, and tells where they stood."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            prune(item, node.items, f"{path}[{index}]", unknown)
    elif isinstance(value, dict):
        embedded = bool(node.raw.get("x-kubernetes-embedded-resource"))
        for key in list(value):
            below = node.child(key)
            place = f"{path}.{key}" if path else key
            if below is not None:
                prune(value[key], below, place, unknown)
            elif not node.preserves and not (embedded and key in _EMBEDDED):
                unknown.append(place)
                del value[key]


def default(value: Any, node: Node) -> None:
    """Fills in the schema's defaults where fields are missing, or null without being nullable; in place."""
    if isinstance(value, list):
        for item in value:
            default(item, node.items)
    elif isinstance(value, dict):
        for name, raw in node.properties.items():
            absent = name not in value or (value[name] is None and not raw.get("nullable"))
            if absent and "default" in raw:
                value[name] = clone(raw["default"])
        for key, item in value.items():
            below = node.child(key)
            if below is not None:
                default(item, below)


def misplaced_keyword(schema: Json, path: str) -> tuple[str, str] | None:
    """The first place where a schema is not structural, and why; None when it is."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties") or {}, dict):
        return path, "must be a schema"
    if not schema.get("type") and not (
        schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    ):
        return f"{path}.type", "must not be empty for specified object fields"
    if schema.get("properties") and schema.get("additionalProperties"):
        return f"{path}.additionalProperties", "additionalProperties and properties are mutual exclusive"
    for name, below in (schema.get("properties") or {}).items():
        found = misplaced_keyword(below, f"{path}.properties[{name}]")
        if found:
            return found
    if isinstance(schema.get("additionalProperties"), dict):
        return misplaced_keyword(schema["additionalProperties"], f"{path}.additionalProperties")
    if schema.get("type") == "array":
        if not isinstance(schema.get("items"), dict):
            return f"{path}.items", "must be specified"
        return misplaced_keyword(schema["items"], f"{path}.items")
    return None
