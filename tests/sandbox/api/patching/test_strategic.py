"""Strategic merge patches by the schema of a Pod."""

from typing import Any

import pytest

from sandbox.api.errors import ApiError
from sandbox.api.patching.strategic import strategic_merge
from sandbox.api.schemas.builtin import schema_of
from sandbox.api.schemas.node import Node

POD = {
    "metadata": {"labels": {"a": "1"}, "finalizers": ["x", "y"]},
    "spec": {
        "containers": [
            {"name": "a", "image": "1", "args": ["one"], "env": [{"name": "E", "value": "1"}]},
            {"name": "b", "image": "1"},
        ],
        "volumes": [{"name": "v", "emptyDir": {}}],
        "tolerations": [{"key": "k"}],
    },
}


def merged(patch: Any) -> Any:
    schema = schema_of("", "v1", "Pod")
    assert isinstance(schema, Node)
    return strategic_merge(POD, patch, schema)


def containers(*items: Any, **around: Any) -> Any:
    return merged({"spec": {"containers": list(items), **around}})["spec"]["containers"]


def test_items_are_found_by_their_key_and_new_ones_come_last() -> None:
    found = containers({"name": "b", "image": "2"}, {"name": "c", "image": "3"})
    assert [(item["name"], item["image"]) for item in found] == [("a", "1"), ("b", "2"), ("c", "3")]


def test_lists_inside_items_merge_too_and_atomic_ones_are_replaced() -> None:
    found = containers({"name": "a", "args": ["two"], "env": [{"name": "F", "value": "2"}]})[0]
    assert found["args"] == ["two"]
    assert found["env"] == [{"name": "E", "value": "1"}, {"name": "F", "value": "2"}]


def test_an_item_is_deleted_by_directive() -> None:
    assert [item["name"] for item in containers({"name": "a", "$patch": "delete"})] == ["b"]


def test_a_list_is_replaced_by_directive() -> None:
    assert containers({"$patch": "replace"}, {"name": "z"}) == [{"name": "z"}]


def test_a_map_is_replaced_or_deleted_by_directive() -> None:
    replaced = merged({"metadata": {"labels": {"$patch": "replace", "b": "2"}}})
    assert replaced["metadata"]["labels"] == {"b": "2"}
    assert "labels" not in merged({"metadata": {"labels": {"$patch": "delete"}}})["metadata"]


def test_an_order_moves_what_it_names() -> None:
    order = {"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}
    assert [item["name"] for item in containers({"name": "a", "image": "2"}, **order)] == ["b", "a"]
    alone = merged({"spec": order})
    assert [item["name"] for item in alone["spec"]["containers"]] == ["b", "a"]


def test_values_leave_a_list_of_scalars_and_join_it() -> None:
    assert merged({"metadata": {"finalizers": ["z", "x"]}})["metadata"]["finalizers"] == ["x", "y", "z"]
    removed = merged({"metadata": {"$deleteFromPrimitiveList/finalizers": ["x"]}})
    assert removed["metadata"]["finalizers"] == ["y"]


def test_only_retained_keys_stay() -> None:
    patch = {"name": "v", "$retainKeys": ["name", "secret"], "secret": {"secretName": "s"}}
    assert merged({"spec": {"volumes": [patch]}})["spec"]["volumes"] == [{"name": "v", "secret": {"secretName": "s"}}]


def test_an_item_without_its_key_is_refused() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        containers({"image": "2"})


def test_the_target_is_left_as_it_was() -> None:
    before = repr(POD)
    containers({"name": "a", "image": "9", "env": [{"name": "E", "value": "9"}]})
    assert repr(POD) == before
