"""Sets of fields, as ``metadata.managedFields`` keeps them (structured-merge-diff's ``fieldsV1``).

A path is a tuple of elements: ``f:name`` for a field, ``k:{...}`` for an item of a list-map, ``v:value``
for an item of a set. A set holds exactly the paths that are owned; owning an item does not mean owning
what is in it.
"""

import json
from collections.abc import Iterable
from typing import Any

from ..jsontypes import Json
from ..schemas.node import OPEN, Node

Path = tuple[str, ...]
Paths = set[Path]


def is_leaf(value: Any, node: Node) -> bool:
    """Whether a value is owned as a whole: a scalar, something empty, or something atomic."""
    if isinstance(value, dict):
        return not value or node.is_atomic
    if isinstance(value, list):
        return not value or node.is_atomic or node.type != "array"
    return True


def child_of(node: Node, key: str) -> Node:
    """The schema of a field, an open one where nothing is declared."""
    return node.child(key) or OPEN


def item_element(item: Any, node: Node) -> str:
    """The path element of a list's item; ``node`` is the list's schema."""
    if node.list_type == "set" or not isinstance(item, dict):
        return f"v:{_text(item)}"
    keys = {key: item.get(key, node.key_default(key)) for key in node.map_keys}
    return f"k:{_text({key: value for key, value in keys.items() if value is not None})}"


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def paths_of(value: Any, node: Node, *, containers: bool, base: Path = ()) -> Paths:
    """The paths of a value; with ``containers`` also those of everything that holds something."""
    found: Paths = set()
    _collect(value, node, base, found, containers=containers)
    return found


def _collect(value: Any, node: Node, path: Path, found: Paths, *, containers: bool) -> None:
    if is_leaf(value, node):
        found.add(path)
        return
    if containers and path:
        found.add(path)
    if isinstance(value, dict):
        for key, item in value.items():
            _collect(item, child_of(node, key), (*path, f"f:{key}"), found, containers=containers)
        return
    for item in value:
        place = (*path, item_element(item, node))
        found.add(place)
        if isinstance(item, dict):
            _collect(item, node.items, place, found, containers=containers)


def encode_paths(paths: Iterable[Path]) -> Json:
    """A set as ``fieldsV1``."""
    tree: Json = {}
    for path in sorted(paths):
        place = tree
        for element in path:
            place = place.setdefault(element, {})
        place["."] = {}
    return _without_lonely_dots(tree)


def _without_lonely_dots(tree: Json) -> Json:
    """A field without fields below it is owned by being there; only others need the dot."""
    if set(tree) == {"."}:
        return {}
    return {key: _without_lonely_dots(value) if key != "." else {} for key, value in sorted(tree.items())}


def decode_paths(tree: Json) -> Paths:
    """The set in a ``fieldsV1``; raises ValueError when it is not one."""
    found: Paths = set()
    _decode(tree, (), found)
    return found


def _decode(tree: Any, path: Path, found: Paths) -> None:
    if not isinstance(tree, dict):
        raise ValueError("fieldsV1 must be an object")  # noqa: TRY004 - callers expect one error for all misfits
    if not tree and path:
        found.add(path)
    for element, below in tree.items():
        if element == ".":
            found.add(path)
        elif element[:2] in {"f:", "k:", "v:", "i:"}:
            _decode(below, (*path, element), found)
        else:
            raise ValueError(f"{element!r} is no path element")


def path_text(path: Path) -> str:
    """A path as error messages write it: .spec.containers[name="x"].image"""
    return "".join(_element_text(element) for element in path)


def _element_text(element: str) -> str:
    kind, text = element[:2], element[2:]
    if kind == "f:":
        return f".{text}"
    if kind == "k:":
        pairs = json.loads(text)
        return f"[{','.join(f'{key}={_text(value)}' for key, value in sorted(pairs.items()))}]"
    return f"[={text}]"


def named_parents(paths: Iterable[Path], schema: Node) -> Paths:
    """The paths and every struct field above them: who owns a field of a struct holds the struct as well."""
    found: Paths = set()
    for path in paths:
        found.add(path)
        node: Node = schema
        for depth, element in enumerate(path[:-1]):
            inside_struct = element.startswith("f:") and element[2:] in node.properties
            node = child_of(node, element[2:]) if element.startswith("f:") else node.items
            if inside_struct:
                found.add(path[: depth + 1])
    return found
