"""When the sweep sends a chain again, and why."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioner.operations.models import StepState
from provisioner.operations.recovery import Carried, Patience, Reason, why_send

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
PATIENCE = Patience(stale=timedelta(seconds=25), resend=timedelta(seconds=30))
PENDING, WAITING, RUNNING = StepState.PENDING, StepState.WAITING, StepState.RUNNING


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def held(heartbeat: float | None, sent: float, *, state: str = RUNNING, dead: bool = False) -> Carried:
    beaten = None if heartbeat is None else ago(heartbeat)
    return Carried(state, heartbeat_at=beaten, message_due_at=ago(sent), held=True, owner_dead=dead)


CASES = {
    "never sent": (Carried(PENDING), Reason.NEVER_SENT),
    "sent just now": (Carried(PENDING, message_due_at=ago(3)), None),
    "sent long ago and nobody came": (Carried(PENDING, message_due_at=ago(31)), Reason.LOST),
    "waits until a later time": (Carried(WAITING, due_at=ago(-20), message_due_at=ago(90)), None),
    "due, and its message should be there any moment": (Carried(WAITING, due_at=ago(2), message_due_at=ago(1)), None),
    "due for long, and its message came not": (
        Carried(WAITING, due_at=ago(40), message_due_at=ago(39)),
        Reason.LOST,
    ),
    "due after a wait too long for a message": (
        Carried(WAITING, due_at=ago(1), message_due_at=ago(300)),
        Reason.NEVER_SENT,
    ),
    "due, and the broker was away when it was to be sent": (Carried(WAITING, due_at=ago(1)), Reason.NEVER_SENT),
    "runs, with a heart that beats": (held(4, 60), None),
    "runs, with a silent heart": (held(26, 60), Reason.OWNER_SILENT),
    "runs, silent, but was sent a moment ago": (held(26, 2), None),
    "runs, and its owner is known to be dead": (held(1, 60, dead=True), Reason.OWNER_DEAD),
    "runs without any heartbeat": (held(None, 60), Reason.OWNER_SILENT),
    "its owners were lost again and again: it rests": (
        Carried(RUNNING, heartbeat_at=ago(3), held=True, owner_dead=True, rests_until=ago(-2)),
        None,
    ),
    "it has rested": (
        Carried(RUNNING, heartbeat_at=ago(9), held=True, owner_dead=True, rests_until=ago(1)),
        Reason.OWNER_DEAD,
    ),
    "rewound, and its owner still acts": (held(4, 60, state=PENDING), None),
    "rewound, and its owner died before it let go": (held(4, 60, state=PENDING, dead=True), Reason.OWNER_DEAD),
    "rewound, and its owner fell silent": (held(26, 60, state=PENDING), Reason.OWNER_SILENT),
}


@pytest.mark.parametrize(("carried", "expected"), CASES.values(), ids=CASES.keys())
def test_an_operation_is_sent_again_when_nobody_carries_it(carried: Carried, expected: Reason | None) -> None:
    assert why_send(carried, NOW, PATIENCE) == expected
