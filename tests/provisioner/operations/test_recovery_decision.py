"""When the sweep sends a chain again."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioner.operations.models import StepState
from provisioner.operations.recovery import Carried, needs_chain

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


CASES = {
    "never sent": (Carried(StepState.PENDING, None, None, None), True),
    "sent just now": (Carried(StepState.PENDING, None, None, ago(3)), False),
    "sent long ago and nobody came": (Carried(StepState.PENDING, None, None, ago(31)), True),
    "waits until a later time": (Carried(StepState.WAITING, ago(-20), None, ago(90)), False),
    "was due a moment ago": (Carried(StepState.WAITING, ago(2), None, ago(60)), False),
    "was due long ago": (Carried(StepState.WAITING, ago(40), None, ago(60)), True),
    "runs, with a heart that beats": (Carried(StepState.RUNNING, None, ago(4), ago(60)), False),
    "runs, with a silent heart": (Carried(StepState.RUNNING, None, ago(26), ago(60)), True),
    "runs, silent, but was sent a moment ago": (Carried(StepState.RUNNING, None, ago(26), ago(2)), False),
    "runs, and its owner is known to be dead": (Carried(StepState.RUNNING, None, ago(1), ago(60), True), True),
    "runs without any heartbeat": (Carried(StepState.RUNNING, None, None, ago(60)), True),
}


@pytest.mark.parametrize(("carried", "expected"), CASES.values(), ids=CASES.keys())
def test_an_operation_is_sent_again_when_nobody_carries_it(carried: Carried, expected: bool) -> None:
    assert needs_chain(carried, NOW) is expected
