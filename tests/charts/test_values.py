"""What both charts say of their values: each has a meaning, nothing else is taken, and the READMEs tell them all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.charts.readme import CHARTS, current, values_of

PARAMETERS = pytest.mark.parametrize("chart", CHARTS, ids=["medusa", "platform"])


@PARAMETERS
def test_the_readme_is_current(chart: Path) -> None:
    assert (chart / "README.md").read_text() == current(chart)


@PARAMETERS
def test_every_value_says_what_it_means(chart: Path) -> None:
    assert [value.path for value in values_of(chart) if not value.description] == []


@PARAMETERS
def test_every_object_of_the_schema_says_what_else_it_takes(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())
    # Helm's own, and Kubernetes' own `valueFrom`, which its API checks.
    open_ones = {"/properties/global", "/properties/extraEnv/items/properties/valueFrom"}
    loose = {path for path, node in _objects(schema) if "additionalProperties" not in node}
    assert loose - open_ones == set()


@PARAMETERS
def test_every_closed_object_needs_all_that_it_knows(chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())
    for path, node in _objects(schema):
        if "properties" in node and "items" not in path:
            assert set(node["required"]) | {"global"} >= set(node["properties"]), path


def _objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if node.get("type") == "object":
            yield path, node
        for name, part in node.items():
            yield from _objects(part, f"{path}/{name}")
