"""Validation of custom resources by their schema."""

from typing import Any

import pytest

from sandbox.api.custom.structural import default, misplaced_keyword, prune
from sandbox.api.custom.validation import check
from sandbox.api.schemas.node import Node


def told(schema: dict[str, Any], value: Any) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in check(value, Node(schema, {}, structural=True), "spec.x")]


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "string"}, 1, 'spec.x: Invalid value: "integer": spec.x in body must be of type string: "integer"'),
        ({"type": "string"}, None, 'spec.x: Invalid value: "null": spec.x in body must be of type string: "null"'),
        ({"type": "string", "maxLength": 2}, "abc", "spec.x: Too long: may not be more than 2 bytes"),
        (
            {"type": "string", "minLength": 1},
            "",
            'spec.x: Invalid value: "": spec.x in body should be at least 1 chars long',
        ),
        (
            {"type": "integer", "minimum": 1},
            0,
            "spec.x: Invalid value: 0: spec.x in body should be greater than or equal to 1",
        ),
        ({"type": "integer", "multipleOf": 5}, 3, "spec.x: Invalid value: 3: spec.x in body should be a multiple of 5"),
        (
            {"type": "array", "items": {"type": "string"}, "maxItems": 1},
            ["a", "b"],
            "spec.x: Too many: 2: must have at most 1 items",
        ),
        (
            {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"},
            ["a", "a"],
            'spec.x[1]: Duplicate value: "a"',
        ),
        (
            {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"type": "object", "properties": {"name": {"type": "string"}}},
            },
            [{"name": "a"}, {"name": "a"}],
            'spec.x[1]: Duplicate value: {"name":"a"}',
        ),
        ({"type": "object", "required": ["a"]}, {}, "spec.x.a: Required value"),
        (
            {"type": "string", "format": "date-time"},
            "yesterday",
            'spec.x: Invalid value: "yesterday": spec.x in body must be of type date-time: "yesterday"',
        ),
        (
            {"type": "string", "oneOf": [{"pattern": "a"}, {"pattern": "b"}]},
            "ab",
            'spec.x: Invalid value: "": "spec.x" must validate one and only one schema (oneOf). '
            "Found 2 valid alternatives",
        ),
        (
            {"x-kubernetes-int-or-string": True},
            [],
            'spec.x: Invalid value: "array": spec.x in body must be of type integer or string: "array"',
        ),
    ],
)
def test_mistakes_are_told_in_the_servers_words(schema: dict[str, Any], value: Any, message: str) -> None:
    assert told(schema, value) == [message]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string", "nullable": True}, None),
        ({"type": "number"}, 1),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z"),
        ({"x-kubernetes-int-or-string": True}, "25%"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": 1}),
    ],
)
def test_what_fits_is_fine(schema: dict[str, Any], value: Any) -> None:
    assert told(schema, value) == []


def test_unknown_fields_are_pruned_but_where_they_are_welcome() -> None:
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"known": {"type": "object"}, "free": free}}
    value, unknown = {"known": {"a": 1}, "free": {"b": 2}, "c": 3}, list[str]()
    prune(value, Node(schema, {}, structural=True), "", unknown)
    assert value == {"known": {}, "free": {"b": 2}}
    assert unknown == ["known.a", "c"]


def test_defaults_reach_into_lists_and_into_defaults() -> None:
    part = {"type": "object", "properties": {"n": {"type": "integer", "default": 1}}}
    schema = {
        "type": "object",
        "properties": {"one": part | {"default": {}}, "many": {"type": "array", "items": part}},
    }
    value: dict[str, Any] = {"many": [{}, {"n": 2}]}
    default(value, Node(schema, {}, structural=True))
    assert value == {"one": {"n": 1}, "many": [{"n": 1}, {"n": 2}]}


def test_schemas_must_be_structural() -> None:
    assert misplaced_keyword({"type": "object", "properties": {"a": {}}}, "s") == (
        "s.properties[a].type",
        "must not be empty for specified object fields",
    )
    assert misplaced_keyword({"type": "array"}, "s") == ("s.items", "must be specified")
