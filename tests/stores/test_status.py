"""From conditions and activity to phase and summaries, case by case."""

import pytest

from stores.choices import STEP_CONDITIONS, Phase
from stores.status import Activity, Facts, summarise

ALL = dict.fromkeys(STEP_CONDITIONS, "True")
ONE_DOWN = {**ALL, "BackendReady": "False"}


@pytest.mark.parametrize(
    ("facts", "phase", "ready", "reconciling", "stalled"),
    [
        (Facts(Activity.QUEUED, {}), Phase.PENDING, "False", "WaitingForSlot", "False"),
        (Facts(Activity.PROVISIONING, {}), Phase.PROVISIONING, "False", "Provisioning", "False"),
        (Facts(Activity.NONE, ALL), Phase.READY, "True", "Idle", "False"),
        (Facts(Activity.CHANGING, ALL), Phase.READY, "True", "Changing", "False"),
        (Facts(Activity.HEALING, ALL), Phase.READY, "True", "Healing", "False"),
        (Facts(Activity.HEALING, ONE_DOWN), Phase.DEGRADED, "False", "Healing", "False"),
        (Facts(Activity.NONE, ALL, healing_stopped=True), Phase.READY, "True", "Idle", "True"),
        (Facts(Activity.CHANGING, ALL, healing_stopped=True), Phase.READY, "True", "Changing", "False"),
        (Facts(Activity.NONE, ONE_DOWN), Phase.DEGRADED, "False", "Idle", "False"),
        (Facts(Activity.NONE, {}), Phase.DEGRADED, "False", "Idle", "False"),
        (Facts(Activity.FAILED, ALL), Phase.FAILED, "False", "Idle", "True"),
        (Facts(Activity.DELETING, ALL), Phase.DELETING, "False", "Deleting", "False"),
        (Facts(Activity.DELETE_BLOCKED, ALL), Phase.DELETING, "False", "Idle", "True"),
        (Facts(Activity.NONE, ALL, suspended=True), Phase.SUSPENDED, "False", "Idle", "False"),
        (Facts(Activity.NONE, {}, engine_available=False), Phase.COMING_SOON, "False", "Idle", "False"),
        (Facts(Activity.DELETING, {}, engine_available=False), Phase.DELETING, "False", "Deleting", "False"),
    ],
)
def test_the_phase_follows_from_the_facts(
    facts: Facts, phase: Phase, ready: str, reconciling: str, stalled: str
) -> None:
    summary = summarise(facts)

    assert summary.phase == phase
    assert summary.ready.status == ready
    assert summary.reconciling.reason == reconciling
    assert summary.stalled.status == stalled
