"""Label and field selectors."""

import pytest

from sandbox.api.errors import ApiError
from sandbox.api.registry import Registry
from sandbox.api.selectors import format_label_selector, label_selector_matches, parse_fields, parse_labels

LABELS = {"app": "web", "tier": "front", "size": "3"}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=web", True),
        ("app==web,tier=front", True),
        ("app=db", False),
        ("app!=db", True),
        ("missing!=x", True),
        ("app in (web, db)", True),
        ("app notin (web)", False),
        ("missing notin (web)", True),
        ("app", True),
        ("!app", False),
        ("!missing", True),
        ("size>2", True),
        ("size<2", False),
        ("example.com/part=", False),
    ],
)
def test_label_selectors_select(text: str, matches: bool) -> None:
    assert all(part.matches(LABELS) for part in parse_labels(text)) is matches


@pytest.mark.parametrize("text", ["app in web", "=x", "a b", "app in (x"])
def test_what_is_no_selector_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="unable to parse requirement"):
        parse_labels(text)


def test_a_selector_object_matches_labels_and_expressions() -> None:
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "Exists"}]}
    assert label_selector_matches(selector, LABELS)
    assert not label_selector_matches(selector, {"app": "web"})
    assert label_selector_matches({}, {})
    assert not label_selector_matches(None, {})
    assert format_label_selector(selector) == "app=web,tier"


def test_fields_are_read_as_the_kind_means_them(registry: Registry) -> None:
    nodes, pods = registry.resource("nodes"), registry.resource("pods")
    (term,) = parse_fields("spec.unschedulable=false", nodes)
    assert term.matches({"spec": {}})
    (term,) = parse_fields("status.phase!=Running", pods)
    assert term.matches({"status": {"phase": "Pending"}})
    assert not term.matches({"status": {"phase": "Running"}})
