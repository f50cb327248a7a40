"""CEL rules of custom resources."""

from typing import Any

import pytest

from sandbox.api.custom.rules import Place, check_rules, rule_problems
from sandbox.api.schemas.node import Node


def problems(rule: str, value: Any, old: Any = None, **more: str) -> list[str]:
    schema = {
        "type": "object",
        "x-kubernetes-preserve-unknown-fields": True,
        "x-kubernetes-validations": [{"rule": rule, **more}],
    }
    return [cause.message for cause in check_rules(Place(value, Node(schema, {}), "spec", old))]


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("self.low <= self.high", {"low": 1, "high": 2}),
        ("!has(self.name) || self.name.startsWith('a')", {}),
        ("self.items.all(item, item.size() > 1)", {"items": ["ab", "cd"]}),
        ("self.items.exists_one(item, item == 'ab')", {"items": ["ab", "cd"]}),
        ("self.name.matches('^[a-z]+$') && self.name.lowerAscii() == self.name", {"name": "abc"}),
        ("self.list.split(',').size() == 2", {"list": "a,b"}),
        ("isURL(self.url)", {"url": "https://example.com"}),
        ("quantity(self.a).isLessThan(quantity(self.b))", {"a": "1Mi", "b": "1Gi"}),
        ("duration(self.a) > duration('1m')", {"a": "1h"}),
    ],
)
def test_rules_that_hold_say_nothing(rule: str, value: Any) -> None:
    assert problems(rule, value) == []


def test_a_broken_rule_tells_its_message() -> None:
    assert problems("self.a == 1", {"a": 2}, message="must be one") == ["Invalid value: must be one"]
    assert problems("self.a == 1", {"a": 2}) == ["Invalid value: failed rule: self.a == 1"]
    assert problems("self.a == 1", {"a": 2}, messageExpression="'is ' + string(self.a)") == ["Invalid value: is 2"]


def test_rules_about_the_past_wait_for_one() -> None:
    assert problems("self.a == oldSelf.a", {"a": 2}) == []
    assert problems("self.a == oldSelf.a", {"a": 2}, {"a": 2}) == []
    assert problems("self.a == oldSelf.a", {"a": 2}, {"a": 1}, message="fixed") == ["Invalid value: fixed"]


def test_a_rule_that_fails_to_run_is_broken() -> None:
    (told,) = problems("self.missing == 1", {}, message="x")
    assert "evaluating rule: x" in told


def test_rules_are_checked_when_the_definition_is_made() -> None:
    def told(rule: str) -> list[str]:
        schema = {"properties": {"a": {"x-kubernetes-validations": [{"rule": rule}]}}}
        return [cause.field for cause in rule_problems(schema, "s")]

    assert told("self > 1") == []
    assert told("self >") == ["s.properties[a].x-kubernetes-validations[0].rule"]
    assert told("self.unheardOf()") == ["s.properties[a].x-kubernetes-validations[0].rule"]
