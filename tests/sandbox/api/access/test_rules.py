"""Which request a rule allows, and what rules cover."""

from typing import Any

import pytest

from sandbox.api.access.attributes import Attributes
from sandbox.api.access.rules import allows, compiled, missing


def rule(verbs: str, groups: str = "", resources: str = "pods", **more: Any) -> Any:
    """Words separated by blanks; "core" is the group without a name."""
    named = ["" if group == "core" else group for group in groups.split() or ["core"]]
    return compiled({"verbs": verbs.split(), "apiGroups": named, "resources": resources.split(), **more})


def paths(verbs: str, *patterns: str) -> Any:
    return compiled({"verbs": verbs.split(), "nonResourceURLs": list(patterns)})


GET_POD = Attributes("get", resource="pods", namespace="n", name="x")
GET_LOG = Attributes("get", resource="pods", subresource="log", namespace="n", name="x")
SCALE = Attributes("patch", "apps", "deployments", "scale", "n", "x")
LIST = Attributes("list", resource="pods", namespace="n")
HEALTH = Attributes("get", path="/healthz/etcd")


@pytest.mark.parametrize(
    ("given", "asked", "allowed"),
    [
        (rule("get"), GET_POD, True),
        (rule("list watch"), GET_POD, False),
        (rule("*"), GET_POD, True),
        (rule("get", "apps"), GET_POD, False),
        (rule("get", "apps core"), GET_POD, True),
        (rule("get", "*"), GET_POD, True),
        (rule("get", resources="services"), GET_POD, False),
        (rule("get", resources="*"), GET_POD, True),
        (rule("get"), GET_LOG, False),
        (rule("get", resources="pods/log"), GET_LOG, True),
        (rule("get", resources="pods/log"), GET_POD, False),
        (rule("get", resources="*"), GET_LOG, True),
        (rule("get", resources="pods/*"), GET_LOG, False),
        (rule("patch", "apps", "*/scale"), SCALE, True),
        (rule("patch", "apps", "*/status"), SCALE, False),
        (rule("get", resourceNames=["x"]), GET_POD, True),
        (rule("get", resourceNames=["y"]), GET_POD, False),
        (rule("list", resourceNames=["x"]), LIST, False),
        (rule("list", resourceNames=["x"]), Attributes("list", resource="pods", name="x"), True),
        (paths("get", "/healthz"), HEALTH, False),
        (paths("get", "/healthz/*"), HEALTH, True),
        (paths("get", "*"), HEALTH, True),
        (paths("post", "*"), HEALTH, False),
        (paths("*", "/healthz*"), HEALTH, True),
        (rule("*", "*", "*"), HEALTH, False),
        (paths("*", "*"), GET_POD, False),
    ],
)
def test_a_rule_allows_what_it_names(given: Any, asked: Attributes, allowed: bool) -> None:
    assert allows(given, asked) is allowed


def test_a_rule_without_verbs_allows_nothing() -> None:
    assert not allows(compiled({"apiGroups": [""], "resources": ["pods"]}), GET_POD)


@pytest.mark.parametrize(
    ("held", "wanted", "left"),
    [
        ([rule("get list")], [rule("get")], []),
        ([rule("get")], [rule("get list")], [rule("list")]),
        ([rule("get"), rule("list")], [rule("get list")], []),
        ([rule("*", "*", "*")], [rule("get", "apps", "deployments/scale")], []),
        ([rule("get", "apps", "*/scale")], [rule("get", "apps", "deployments/scale")], []),
        ([rule("get")], [rule("get", resources="*")], [rule("get", resources="*")]),
        ([rule("get", resourceNames=["a"])], [rule("get", resourceNames=["a"])], []),
        ([rule("get", resourceNames=["a"])], [rule("get")], [rule("get")]),
        ([rule("get")], [rule("get", resourceNames=["a"])], []),
        ([paths("get", "/api/*")], [paths("get", "/api/v1")], []),
        ([rule("*", "*", "*")], [paths("get", "/api")], [paths("get", "/api")]),
    ],
)
def test_what_is_not_held_is_missing(held: list[Any], wanted: list[Any], left: list[Any]) -> None:
    assert missing(held, wanted) == left
