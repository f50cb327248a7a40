"""JSONPath of columns."""

import pytest

from sandbox.api.custom.jsonpath import find, plain_path, steps_of

OBJ = {
    "spec": {"color": "red", "sizes": [1, 2]},
    "metadata": {"annotations": {"example.com/note": "n"}},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Other", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.color", ["red"]),
        (".spec.missing", []),
        (".spec.sizes[*]", [1, 2]),
        (".spec.sizes[1]", [2]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (r".metadata.annotations.example\.com/note", ["n"]),
        (".metadata.annotations['example.com/note']", ["n"]),
        ("{.spec.color}", ["red"]),
    ],
)
def test_paths_find_values(path: str, found: list[object]) -> None:
    assert find(path, OBJ) == found


@pytest.mark.parametrize("path", [".a[", ".a[?(@.b>1)]", ".a..b[["])
def test_what_is_not_understood_is_told(path: str) -> None:
    with pytest.raises(ValueError, match="no path that is understood"):
        steps_of(path)


def test_scale_wants_plain_paths() -> None:
    assert plain_path(".spec.replicas") == ("spec", "replicas")
    with pytest.raises(ValueError, match="field names"):
        plain_path(".spec.items[0]")
