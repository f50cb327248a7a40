"""The judgement on the platform's role."""

from collections import Counter
from typing import Any

import pytest
import yaml

from sandbox.launcher.account import ROLE, ROLE_FILE
from sandbox.launcher.role_use import judge, rights

RULES = [
    {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]},
]
BY = {"role": "ClusterRole/r", "rule": 0, "binding": "ClusterRoleBinding/r"}


def record(verb: str, resource: str, subresource: str = "", group: str = "", **more: Any) -> dict[str, Any]:
    about = {"group": group, "resource": resource, "subresource": subresource, "namespace": "n", "name": "x"}
    return {"user": "me", "verb": verb, **about, "code": 200, "allowed": True, "by": BY, **more}


def test_each_verb_on_each_resource_is_used_or_complained_of() -> None:
    use = judge([record("get", "pods"), record("list", "pods", "log"), record("get", "pods")], RULES, "me", "r")
    assert use.used == Counter({("", "pods", "get"): 2, ("", "pods/log", "list"): 1})
    assert use.unused == (("", "pods", "list"), ("", "pods/log", "get"), ("apps", "deployments", "get"))
    assert list(use.complaints(of_all_tests=True)) == [
        "Nothing used the platform's right to list pods: test what needs it, or take it away.",
        "Nothing used the platform's right to get pods/log: test what needs it, or take it away.",
        "Nothing used the platform's right to get deployments.apps: test what needs it, or take it away.",
    ]


def test_a_run_of_some_tests_need_not_use_everything_but_may_be_denied_nothing() -> None:
    denied = record("delete", "deployments", group="apps", code=403, allowed=False, by={})
    use = judge([denied, denied], RULES, "me", "r")
    told = ["The platform was denied to delete deployments.apps in a namespace (2 times)."]
    assert list(use.complaints(of_all_tests=False)) == told


@pytest.mark.parametrize(
    "other",
    [
        record("get", "deployments", group="apps", user="somebody"),
        record("get", "deployments", group="apps", by={**BY, "role": "ClusterRole/another"}),
        record("get", "deployments", group="extensions"),
        record("get", "deployments", "status", group="apps"),
    ],
)
def test_what_somebody_else_or_another_role_or_another_resource_used_does_not_count(other: dict[str, Any]) -> None:
    assert ("apps", "deployments", "get") in judge([other], RULES, "me", "r").unused


def test_a_forbidden_answer_to_an_allowed_request_is_no_denial() -> None:
    """Such as the refusal to make something in a namespace that is being removed."""
    assert not judge([record("get", "pods", code=403)], RULES, "me", "r").denied


def test_nobody_uses_a_wildcard() -> None:
    rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    assert judge([record("get", "pods")], rules, "me", "r").unused == (("*", "*", "*"),)


def test_the_platforms_role_names_each_right_once_and_nothing_of_rbac() -> None:
    role = yaml.safe_load(ROLE_FILE.read_text())
    named = [right for rule in role["rules"] for right in rights(rule)]
    assert role["metadata"]["name"] == ROLE
    assert [right for right, times in Counter(named).items() if times > 1] == []
    assert not [right for right in named if "*" in right or right[0].startswith("rbac.")]
