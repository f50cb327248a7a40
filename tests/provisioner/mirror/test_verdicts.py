"""What is said about wishes, as conditions."""

from typing import Any

import pytest

from provisioner.mirror.verdicts import (
    Verdict,
    conditions_of_refused,
    known,
    next_verdict,
    reason_of,
    refused_already,
)
from stores.errors import Conflict, QuotaExceeded

EARLY, LATE = "2026-01-02T12:00:00Z", "2026-01-02T12:00:09Z"


def test_the_time_of_a_verdict_moves_only_with_the_answer() -> None:
    first = next_verdict(None, 2, EARLY, ("Conflict", "No."))
    again = next_verdict(first, 3, LATE, ("Invalid", "No, no."))
    granted = next_verdict(again, 4, LATE)

    assert (first.accepted, first.at) == (False, EARLY)
    assert (again.reason, again.generation, again.at) == ("Invalid", 3, EARLY)
    assert (granted.accepted, granted.reason, granted.message, granted.at) == (True, "Accepted", "", LATE)
    assert known(granted.as_json()) == granted


def test_reasons_are_camel_case() -> None:
    assert [reason_of(refusal("")) for refusal in (QuotaExceeded, Conflict)] == ["QuotaExceeded", "Conflict"]


@pytest.mark.parametrize(
    ("reason", "reconciling", "stalled"),
    [("QuotaExceeded", "True", "False"), ("QueueFull", "True", "False"), ("NameTaken", "False", "True")],
)
def test_a_refused_resource_is_in_progress_or_failed_but_never_current(
    reason: str, reconciling: str, stalled: str
) -> None:
    shown = conditions_of_refused(Verdict(False, reason, "No.", 3, EARLY), [])

    assert {each["type"]: each["status"] for each in shown} == {
        "Accepted": "False",
        "Ready": "False",
        "Reconciling": reconciling,
        "Stalled": stalled,
    }
    assert {each["observedGeneration"] for each in shown} == {3}


def test_conditions_of_a_refused_resource_keep_their_times() -> None:
    before = conditions_of_refused(Verdict(False, "QuotaExceeded", "No.", 3, EARLY), [])
    after = conditions_of_refused(Verdict(False, "QueueFull", "Not now.", 4, LATE), before)

    assert {each["lastTransitionTime"] for each in after if each["type"] != "Accepted"} == {EARLY}


@pytest.mark.parametrize(
    ("generation", "status", "reason"), [(3, "False", "NameTaken"), (4, "False", ""), (3, "True", "")]
)
def test_a_refusal_stands_for_its_generation_only(generation: int, status: str, reason: str) -> None:
    condition: dict[str, Any] = {
        "type": "Accepted",
        "status": status,
        "reason": "NameTaken",
        "observedGeneration": 3,
    }
    resource = {"metadata": {"generation": generation}, "status": {"conditions": [condition]}}

    assert refused_already(resource) == reason
