"""Differences as a person reads them: decisions as tables."""

from typing import Any

import pytest

from provisioner.drift.telling import as_path, as_value, difference_view


@pytest.mark.parametrize(
    ("pointer", "path"),
    [
        ("", ""),
        ("/spec/replicas", "spec.replicas"),
        ("/spec/template/spec/containers/0/image", "spec.template.spec.containers[0].image"),
        ("/0", "[0]"),
        ("/metadata/labels/app.kubernetes.io~1name", 'metadata.labels["app.kubernetes.io/name"]'),
        ("/data/a~0b", 'data["a~b"]'),
        ("/data/~01", 'data["~1"]'),
        ("/data/theme.css", 'data["theme.css"]'),
        ("/data/", 'data[""]'),
        ("/data/PATH_PREFIX", "data.PATH_PREFIX"),
        ("/data/publishable-key", "data.publishable-key"),
    ],
)
def test_a_pointer_is_told_as_a_path(pointer: str, path: str) -> None:
    assert as_path(pointer) == path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (3, "3"),
        (True, "true"),
        ("nginx:1", '"nginx:1"'),
        ("ünïcode", '"ünïcode"'),
        ("two\nlines", r'"two\nlines"'),
        ({"b": 1, "a": [1, 2]}, '{"a": [1, 2], "b": 1}'),
        ("x" * 198, f'"{"x" * 198}"'),
        ("x" * 199, f'"{"x" * 198}…'),
    ],
)
def test_a_value_is_told_as_json_on_one_line(value: Any, text: str) -> None:
    assert as_value(value) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        ({"path": "/spec/replicas", "wanted": 1, "found": 3}, "spec.replicas: wanted 1, found 3"),
        ({"path": "/spec/a", "wanted": "x"}, 'spec.a: wanted "x", found nothing'),
        ({"path": "/data/key", "wanted": "(hidden)", "found": None}, 'data.key: wanted "(hidden)", found nothing'),
        ({"path": "", "wanted": {}, "found": None}, "the object: wanted {}, found nothing"),
    ],
)
def test_a_difference_is_one_sentence(difference: dict[str, Any], text: str) -> None:
    assert difference_view(difference).text == text
