"""From conditions to one word: the only place that decides a store's phase and its three summaries."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from stores.choices import STEP_CONDITIONS, ConditionStatus, ConditionType, Phase

HEALING_STOPPED = "HealingStopped"
"""The reason of `Drifted`, and then of `Stalled`, of a store that is not healed any more."""


class Activity(StrEnum):
    """What is being done to a store just now, as its operations tell.

    A store that was born keeps its phase while it is changed: the shop serves meanwhile.
    """

    NONE = "none"
    QUEUED = "queued"
    PROVISIONING = "provisioning"
    CHANGE_QUEUED = "change_queued"
    CHANGING = "changing"
    HEALING = "healing"
    FAILED = "failed"
    DELETING = "deleting"
    DELETE_BLOCKED = "delete_blocked"


@dataclass(frozen=True)
class Facts:
    """All that a phase depends on; `conditions` maps a type to its status.

    `healing_stopped` is whether the store has drifted and nothing more is done about it until a person acts.
    """

    activity: Activity
    conditions: Mapping[str, str]
    engine_available: bool = True
    suspended: bool = False
    healing_stopped: bool = False
    message: str = ""


@dataclass(frozen=True)
class Verdict:
    """A summary condition: its status and the CamelCase reason."""

    status: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """The phase and the conditions that only ever summarise the others."""

    phase: Phase
    ready: Verdict
    reconciling: Verdict
    stalled: Verdict


def summarise(facts: Facts) -> Summary:
    """Decide the phase; a wish to be gone wins over all, then the lack of an engine, then work in progress."""
    phase = _phase(facts)
    return Summary(phase=phase, ready=_ready(phase), reconciling=_reconciling(facts), stalled=_stalled(facts))


def _phase(facts: Facts) -> Phase:
    if facts.activity in (Activity.DELETING, Activity.DELETE_BLOCKED):
        return Phase.DELETING
    if not facts.engine_available:
        return Phase.COMING_SOON
    by_activity = {
        Activity.FAILED: Phase.FAILED,
        Activity.QUEUED: Phase.PENDING,
        Activity.PROVISIONING: Phase.PROVISIONING,
    }
    if facts.activity in by_activity:
        return by_activity[facts.activity]
    if facts.suspended:
        return Phase.SUSPENDED
    complete = all(facts.conditions.get(step) == ConditionStatus.TRUE for step in STEP_CONDITIONS)
    return Phase.READY if complete else Phase.DEGRADED


def _ready(phase: Phase) -> Verdict:
    if phase == Phase.READY:
        return Verdict(ConditionStatus.TRUE, "AllStepsReady")
    return Verdict(ConditionStatus.FALSE, str(phase))


def _reconciling(facts: Facts) -> Verdict:
    busy = {
        Activity.QUEUED: "WaitingForSlot",
        Activity.PROVISIONING: "Provisioning",
        Activity.CHANGE_QUEUED: "WaitingForSlot",
        Activity.CHANGING: "Changing",
        Activity.HEALING: "Healing",
        Activity.DELETING: "Deleting",
    }
    reason = busy.get(facts.activity)
    if reason is None:
        return Verdict(ConditionStatus.FALSE, "Idle")
    return Verdict(ConditionStatus.TRUE, reason)


def _stalled(facts: Facts) -> Verdict:
    stuck = {Activity.FAILED: "RetriesExhausted", Activity.DELETE_BLOCKED: "DeletionBlocked"}
    reason = stuck.get(facts.activity)
    if reason is None and facts.activity == Activity.NONE and facts.healing_stopped:
        reason = HEALING_STOPPED
    if reason is None:
        return Verdict(ConditionStatus.FALSE, "Progressing")
    return Verdict(ConditionStatus.TRUE, reason)


SUMMARY_TYPES = (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)
