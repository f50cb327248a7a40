"""Checks that what is applied fits the schema, before it is merged."""

from typing import Any

from ..schemas.node import Node
from .fields import child_of, item_element, path_text


def first_misfit(value: Any, node: Node, path: str = "") -> str:
    """The first field that is not declared, has the wrong shape or stands twice; empty when all fits."""
    if node.is_open or value is None:
        return ""
    if node.type == "object":
        return _object_misfit(value, node, path)
    if node.type == "array":
        return _list_misfit(value, node, path)
    if node.type and isinstance(value, dict | list):
        return f"{path}: expected {node.type}, got {_kind(value)}"
    return ""


def _object_misfit(value: Any, node: Node, path: str) -> str:
    if not isinstance(value, dict):
        return f"{path}: expected map, got {_kind(value)}"
    for key, item in value.items():
        if node.child(key) is None and not node.preserves:
            return f"{path}.{key}: field not declared in schema"
        found = first_misfit(item, child_of(node, key), f"{path}.{key}")
        if found:
            return found
    return ""


def _list_misfit(value: Any, node: Node, path: str) -> str:
    if not isinstance(value, list):
        return f"{path}: expected list, got {_kind(value)}"
    seen: set[str] = set()
    for index, item in enumerate(value):
        place = f"{path}[{index}]"
        if node.list_type != "atomic":
            if node.list_type == "map":
                lacking = [key for key in node.map_keys if isinstance(item, dict) and not _has(item, key, node)]
                if lacking:
                    keys = ", ".join(f'"{key}"' for key in lacking)
                    return (
                        f"{path}: element {index}: associative list with keys has an element that omits key field "
                        f"{keys} (and doesn't have default value)"
                    )
            element = item_element(item, node)
            if element in seen:
                return f"{path}: duplicate entries for key [{_keys(element)}]"
            seen.add(element)
            place = f"{path}[{_keys(element)}]"
        found = first_misfit(item, node.items, place)
        if found:
            return found
    return ""


def _has(item: dict[str, Any], key: str, node: Node) -> bool:
    return key in item or node.key_default(key) is not None


def _keys(element: str) -> str:
    return path_text((element,))[1:-1]


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "map"
    if isinstance(value, list):
        return "list"
    return "string" if isinstance(value, str) else "scalar"
