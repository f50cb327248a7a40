"""Sets of owned fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sandbox.api.patching.apply import merge_applied, without
from sandbox.api.patching.compare import compare
from sandbox.api.patching.fields import decode_paths, encode_paths, path_text, paths_of
from sandbox.api.schemas.builtin import schema_of
from sandbox.api.schemas.node import Node

names = some.sampled_from(["a", "b", "c", "d"])
values = some.sampled_from(["1", "2"])
containers = some.lists(
    some.fixed_dictionaries(
        {"name": names, "image": values},
        optional={
            "env": some.dictionaries(names, values).map(lambda d: [{"name": k, "value": v} for k, v in d.items()])
        },
    ),
    max_size=4,
    unique_by=lambda item: item["name"],
)
pods = some.fixed_dictionaries(
    {},
    optional={
        "metadata": some.fixed_dictionaries({"labels": some.dictionaries(names, values)}),
        "spec": some.fixed_dictionaries({"containers": containers}),
    },
)


def pod_schema() -> Node:
    schema = schema_of("", "v1", "Pod")
    assert schema is not None
    return schema


@given(pods)
def test_a_set_survives_being_written_and_read(pod: dict[str, object]) -> None:
    paths = {path for path in paths_of(pod, pod_schema(), containers=True) if path}
    assert decode_paths(encode_paths(paths)) == paths


@given(pods, pods)
def test_what_is_applied_is_there_afterwards(live: dict[str, object], config: dict[str, object]) -> None:
    merged = merge_applied(live, config, pod_schema())
    changed = compare(merged, merge_applied(merged, config, pod_schema()), pod_schema())
    assert changed.is_empty
    assert compare(live, merged, pod_schema()).removed == set()


@given(pods, pods)
def test_taking_away_what_was_added_restores_the_state(live: dict[str, object], config: dict[str, object]) -> None:
    merged = merge_applied(live, config, pod_schema())
    added = compare(live, merged, pod_schema()).added
    left = compare(live, without(merged, added, pod_schema()), pod_schema())
    assert left.added == set()
    assert left.removed == set()


def test_paths_are_written_as_in_messages() -> None:
    path = ("f:spec", "f:ports", 'k:{"containerPort":80,"protocol":"TCP"}', "f:name")
    assert path_text(path) == '.spec.ports[containerPort=80,protocol="TCP"].name'
    assert path_text(("f:metadata", "f:finalizers", 'v:"x"')) == '.metadata.finalizers[="x"]'


def test_keys_that_are_left_out_have_their_default() -> None:
    item = {"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80}]}]}}
    assert any(
        '"protocol":"TCP"' in element for path in paths_of(item, pod_schema(), containers=False) for element in path
    )


@pytest.mark.parametrize("tree", [{"spec": {}}, {"f:spec": []}, []])
def test_what_is_no_set_is_refused(tree: object) -> None:
    with pytest.raises(ValueError, match=r"path element|must be an object"):
        decode_paths(tree)  # type: ignore[arg-type]
