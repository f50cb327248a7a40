"""The object side of server-side apply: merging what is applied, removing what no longer is."""

from typing import Any

from ..jsontypes import clone
from ..schemas.node import Node
from .fields import Path, Paths, child_of, item_element


def merge_applied(live: Any, config: Any, node: Node) -> Any:
    """The live state with the applied one over it; items of lists are told apart by the schema."""
    if isinstance(live, dict) and isinstance(config, dict) and not node.is_atomic:
        merged = dict(live)
        for key, value in config.items():
            merged[key] = merge_applied(live[key], value, child_of(node, key)) if key in live else clone(value)
        return merged
    if isinstance(live, list) and isinstance(config, list) and node.type == "array" and not node.is_atomic:
        return _merge_items(live, config, node)
    return clone(config)


def _merge_items(live: list[Any], config: list[Any], node: Node) -> list[Any]:
    """Applied items in their order; items of others keep their place, before new ones that come there."""
    before = {item_element(item, node): item for item in live}
    wanted = {item_element(item, node): item for item in config}
    left, right = list(before), list(wanted)
    merged: list[Any] = []
    i = j = 0
    while i < len(left) or j < len(right):
        shared_next = next((element for element in right[j:] if element in before), None)
        if i < len(left) and left[i] not in wanted:
            merged.append(before[left[i]])
            i += 1
        elif i < len(left) and left[i] != shared_next:
            i += 1  # applied in another place
        else:
            element = right[j]
            i += element in before
            j += 1
            merged.append(_merged_item(before.get(element), wanted[element], node))
    return merged


def _merged_item(live: Any, config: Any, node: Node) -> Any:
    return merge_applied(live, config, node.items) if live is not None and isinstance(config, dict) else clone(config)


def without(value: Any, paths: Paths, node: Node, base: Path = ()) -> Any:
    """A copy of a value without what the paths name."""
    if isinstance(value, dict) and not node.is_atomic:
        kept = {}
        for key, item in value.items():
            place = (*base, f"f:{key}")
            if place not in paths:
                kept[key] = without(item, paths, child_of(node, key), place)
        return kept
    if isinstance(value, list) and node.type == "array" and not node.is_atomic:
        items = []
        for item in value:
            place = (*base, item_element(item, node))
            if place not in paths:
                items.append(without(item, paths, node.items, place) if isinstance(item, dict) else item)
        return items
    return value
