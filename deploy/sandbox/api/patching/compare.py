"""What differs between two states of an object, as sets of paths."""

from dataclasses import dataclass, field
from typing import Any

from ..schemas.node import Node
from .fields import Path, Paths, child_of, is_leaf, item_element, paths_of


@dataclass
class Difference:
    """Fields that are new, that are gone, and that have another value."""

    added: Paths = field(default_factory=set)
    removed: Paths = field(default_factory=set)
    modified: Paths = field(default_factory=set)

    @property
    def is_empty(self) -> bool:
        """Whether the states are the same."""
        return not (self.added or self.removed or self.modified)


def compare(old: Any, new: Any, node: Node) -> Difference:
    """The way from the old state to the new one."""
    difference = Difference()
    _walk(old, new, node, (), difference)
    return difference


def _walk(old: Any, new: Any, node: Node, path: Path, found: Difference) -> None:
    if old is new:
        return
    if isinstance(old, dict) and isinstance(new, dict) and not node.is_atomic:
        _walk_fields(old, new, node, path, found)
    elif isinstance(old, list) and isinstance(new, list) and not node.is_atomic and node.type == "array":
        _walk_items(old, new, node, path, found)
    elif old != new:
        if path and (old is not None or is_leaf(new, node)):
            found.modified.add(path)
        # Something that was null or a scalar and now holds fields: those are new.
        if not is_leaf(new, node):
            found.added |= paths_of(new, node, containers=True, base=path) - {path}
        if not is_leaf(old, node):
            found.removed |= paths_of(old, node, containers=True, base=path) - {path}


def _walk_fields(old: dict[str, Any], new: dict[str, Any], node: Node, path: Path, found: Difference) -> None:
    for key in old.keys() | new.keys():
        place, below = (*path, f"f:{key}"), child_of(node, key)
        if key not in old:
            found.added |= paths_of(new[key], below, containers=True, base=place)
        elif key not in new:
            found.removed |= paths_of(old[key], below, containers=True, base=place)
        else:
            _walk(old[key], new[key], below, place, found)


def _walk_items(old: list[Any], new: list[Any], node: Node, path: Path, found: Difference) -> None:
    before = {item_element(item, node): item for item in old}
    after = {item_element(item, node): item for item in new}
    for element in before.keys() | after.keys():
        place = (*path, element)
        if element not in before:
            found.added |= {place} | _inside(after[element], node, place)
        elif element not in after:
            found.removed |= {place} | _inside(before[element], node, place)
        elif isinstance(after[element], dict):
            _walk(before[element], after[element], node.items, place, found)
    if not new and old:
        found.modified.add(path)


def _inside(item: Any, node: Node, place: Path) -> Paths:
    return paths_of(item, node.items, containers=True, base=place) if isinstance(item, dict) else set()
