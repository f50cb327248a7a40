"""What the benchmarks make of what they measure (they themselves are no part of an ordinary run)."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.launcher.account import USER
from tests.benchmarks.birth.requests import Log, sorted_out
from tests.benchmarks.figures import at, handovers, judged, most_at_once, table


def record(verb: str, resource: str, name: str = "", namespace: str = "", **more: Any) -> dict[str, Any]:
    """A line of the sandbox's audit log."""
    return {"user": USER, "verb": verb, "resource": resource, "name": name, "namespace": namespace, **more}


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.99, 10), (0.1, 1), (0.11, 2)])
def test_a_quantile_is_a_value_that_was_measured(share: float, value: float) -> None:
    assert at(range(1, 11), share) == value


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([], 0),
        ([(0, 1)], 1),
        ([(0, 1), (1, 2)], 1),
        ([(0, 3), (1, 2), (1, 4), (3, 5)], 3),
    ],
)
def test_spans_that_only_touch_are_not_at_once(spans: list[tuple[float, float]], most: int) -> None:
    assert most_at_once(spans) == most


def test_a_slot_is_empty_from_the_end_of_one_until_the_next_begins() -> None:
    assert handovers([(0, 4), (0, 2), (3, 7), (4.5, 6)], slots=2) == [1, 0.5]
    assert handovers([(0, 4)], slots=2) == []


def test_a_wish_says_whether_it_held() -> None:
    assert judged("births", 40, 41) == ("births", "≤ 40", "41", "NOT HELD")
    assert judged("calls", 2, 2.5, " s", least=True) == ("calls", "≥ 2 s", "2.50 s", "held")


def test_words_are_to_the_left_and_figures_to_the_right() -> None:
    assert table([("what", "n"), ("a", "1"), ("longer", "100")]) == ["  what      n", "  a         1", "  longer  100"]


def test_requests_are_the_platforms_or_helms_and_for_the_store_or_not() -> None:
    asked = sorted_out(
        [
            record("patch", "namespaces", "store-tea", "store-tea"),
            record("create", "namespaces", "store-tea", "store-tea"),  # the same request's second question
            record("create", "secrets", namespace="store-tea"),
            record("patch", "stores", "tea", subresource="status"),
            record("create", "events", namespace="default"),
            record("get", "secrets", "store-tea", "storeplane-system"),
            record("patch", "deployments", "backend", "store-tea", impersonatedBy="system:admin"),
            {"user": USER, "verb": "get", "path": "/version", "impersonatedBy": "system:admin"},
            record("list", "deployments"),
            {**record("get", "stores", "tea"), "user": "somebody"},
        ],
        "tea",
    )

    assert asked.for_store == {
        "patch namespaces": 1,
        "create secrets": 1,
        "patch stores/status": 1,
        "create events": 1,
        "get secrets": 1,
    }
    assert asked.by_helm == {"patch deployments": 1, "get /version": 1}
    assert asked.others == {"list deployments": 1}


def test_a_log_tells_each_record_once(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text("{}\n")
    log = Log(path)
    with path.open("a") as file:
        file.write(json.dumps({"verb": "get"}) + "\n")

    assert log.news() == [{"verb": "get"}]
    assert log.news() == []
