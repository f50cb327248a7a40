"""Every object that the chart renders, as an API server keeps it: the same, until any of its fields is another."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from provisioner.drift.compare import completed, differences, value_at
from tests.provisioner.drift.recorded import Pair, label, pairs

Path = tuple[str | int, ...]

# Written by the API server or Helm beside what was asked for, or not compared by intention.
NOT_OURS = {("apiVersion",), ("kind",), ("metadata", "namespace")}


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif value not in (None, "", False) or path[-1:] == ("podSelector",):
        yield path


def other(value: Any) -> Any:
    """A value of the same sort that isn't the same."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, dict):
        return {"matchLabels": {"other": "label"}}
    if isinstance(value, list):
        return ["other"]
    return f"{value}7" if value[-1:].isdigit() else f"{value}-other"


def changed(manifest: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    copied = copy.deepcopy(manifest)
    node: Any = copied
    for step in path[:-1]:
        node = node[step]
    if value is None:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return copied


def at(manifest: dict[str, Any], path: Path) -> Any:
    node: Any = manifest
    for step in path:
        node = node[step]
    return node


def places(pair: Pair) -> list[Path]:
    return [path for path in leaves(completed(pair[0])) if path not in NOT_OURS]


@pytest.mark.parametrize("pair", pairs(), ids=label)
def test_what_the_api_server_made_of_it_is_what_was_asked_for(pair: Pair) -> None:
    wanted, found = pair
    assert differences(completed(wanted), found) == []


@pytest.mark.parametrize("pair", pairs(), ids=label)
def test_a_change_of_any_field_is_found(pair: Pair) -> None:
    wanted, found = completed(pair[0]), pair[1]
    assert places(pair)
    for path in places(pair):
        # The wanted side is changed, since what was found may stand in another order.
        drifted = changed(wanted, path, other(at(wanted, path)))
        assert differences(drifted, found), path


@pytest.mark.parametrize("pair", pairs(), ids=label)
def test_a_field_that_was_taken_away_is_found_and_its_place_can_be_read(pair: Pair) -> None:
    wanted, found = completed(pair[0]), pair[1]
    for path in places(pair):
        # An object that has nothing but what the other fields say.
        left = changed(wanted, path, None)
        gone = differences(wanted, left)
        assert gone or at(wanted, path) in ({}, []) or path[-1:] == ("protocol",), path
        for each in gone:
            assert value_at(found, each) is not None, each.path
