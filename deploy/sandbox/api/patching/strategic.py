"""Strategic merge patch: lists are merged by the keys that the schema names, and directives steer it."""

from typing import Any

from ..errors import bad_request
from ..jsontypes import clone
from ..schemas.node import Node
from .fields import child_of

_PATCH, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE = "$setElementOrder/", "$deleteFromPrimitiveList/"


def strategic_merge(target: Any, patch: Any, node: Node) -> Any:
    """The target with the patch merged in; raises 400 for directives that make no sense."""
    if not isinstance(patch, dict):
        return clone(patch)
    if not isinstance(target, dict):
        target = {}
    directive = patch.get(_PATCH)
    if directive == "replace":
        return {key: clone(value) for key, value in patch.items() if key != _PATCH}
    if directive == "delete":
        return {}
    if directive not in {None, "merge"}:
        raise bad_request(f"Unknown patch type found: {directive}")
    return _merge_fields(target, patch, node)


def _merge_fields(target: dict[str, Any], patch: dict[str, Any], node: Node) -> dict[str, Any]:
    merged = _retained(target, patch)
    for key, value in patch.items():
        if key.startswith("$"):
            continue
        below = child_of(node, key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, list):
            merged[key] = _merge_list(merged.get(key), value, below, patch, key)
        elif isinstance(value, dict):
            merged[key] = strategic_merge(merged.get(key), value, below)
            if value.get(_PATCH) == "delete":
                merged.pop(key, None)
        else:
            merged[key] = value
    _apply_list_directives(merged, patch, node)
    return merged


def _retained(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """The target reduced to the keys that ``$retainKeys`` lists."""
    kept = patch.get(_RETAIN)
    if kept is None:
        return dict(target)
    return {key: value for key, value in target.items() if key in kept}


def _apply_list_directives(merged: dict[str, Any], patch: dict[str, Any], node: Node) -> None:
    """Deletions from lists of scalars, and orders of lists the patch says nothing else about."""
    for key, value in patch.items():
        if key.startswith(_DELETE):
            name = key.removeprefix(_DELETE)
            merged[name] = [item for item in merged.get(name) or () if item not in value]
        elif key.startswith(_ORDER):
            name = key.removeprefix(_ORDER)
            if name not in patch and name in merged:
                merged[name] = _ordered(merged[name], value, child_of(node, name).merge_key)


def _merge_list(target: Any, patch: list[Any], node: Node, around: dict[str, Any], name: str) -> list[Any]:
    order = around.get(_ORDER + name)
    if "merge" not in node.strategies:
        return [clone(item) for item in patch if not _is_directive(item)]
    current = list(target) if isinstance(target, list) else []
    if not node.merge_key:
        removed = around.get(_DELETE + name) or ()
        merged = [item for item in current if item not in removed]
        merged += [item for item in patch if item not in merged]
        return _ordered(merged, order, "") if order is not None else merged
    if any(isinstance(item, dict) and item.get(_PATCH) == "replace" and len(item) == 1 for item in patch):
        return [clone(item) for item in patch if not _is_directive(item)]
    merged = _merge_keyed(current, patch, node)
    return _ordered(merged, order, node.merge_key) if order is not None else merged


def _is_directive(item: Any) -> bool:
    return isinstance(item, dict) and set(item) == {_PATCH}


def _merge_keyed(current: list[Any], patch: list[Any], node: Node) -> list[Any]:
    key = node.merge_key
    merged = list(current)
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        places = [index for index, known in enumerate(merged) if known.get(key) == item[key]]
        if item.get(_PATCH) == "delete":
            merged = [known for index, known in enumerate(merged) if index not in places]
        elif places:
            merged[places[0]] = strategic_merge(merged[places[0]], item, node.items)
        else:
            merged.append(strategic_merge({}, item, node.items))
    return merged


def _ordered(items: list[Any], order: list[Any], key: str) -> list[Any]:
    """Items in the asked-for order; others keep their place before the neighbour they had."""

    def identity(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [identity(item) for item in order]
    ranked = sorted((item for item in items if identity(item) in wanted), key=lambda item: wanted.index(identity(item)))
    result: list[Any] = []
    queue = iter(ranked)
    for item in items:
        if identity(item) in wanted:
            result.append(next(queue))
        else:
            result.append(item)
    return result
