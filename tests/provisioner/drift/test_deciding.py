"""The next step for a store that drifted, from what was found and what was done before."""

from datetime import UTC, datetime, timedelta

import pytest

from provisioner.drift.deciding import MOST_HEALS, QUIET, Action, Drifted, chain_of, decide, pause
from provisioner.drift.models import Verdict

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ago(*seconds: float) -> tuple[datetime, ...]:
    return tuple(NOW - timedelta(seconds=each) for each in seconds)


def changed(name: str = "backend", heals: tuple[datetime, ...] = (), lost: str = "", since: float = 0) -> Drifted:
    return Drifted("Deployment", name, Verdict.CHANGED, NOW - timedelta(seconds=since), heals, lost)


def missing(kind: str, name: str = "one") -> Drifted:
    return Drifted(kind, name, Verdict.MISSING, NOW)


def test_nothing_drifted_needs_nothing() -> None:
    assert decide([], heals=True, asked_for=14, now=NOW).action == Action.NOTHING


def test_a_policy_that_warns_does_nothing() -> None:
    assert decide([changed()], heals=False, asked_for=14, now=NOW).action == Action.NOTHING


def test_what_drifted_is_healed_at_once() -> None:
    following = decide([changed(), missing("Service")], heals=True, asked_for=14, now=NOW)
    assert (following.action, len(following.objects)) == (Action.HEAL, 2)


@pytest.mark.parametrize("kind", ["Namespace", "Release"])
def test_what_everything_hangs_on_is_restored_as_a_whole(kind: str) -> None:
    assert decide([missing(kind)], heals=True, asked_for=14, now=NOW).action == Action.RESTORE


def test_most_objects_missing_is_a_matter_of_the_whole_store() -> None:
    objects = [missing("Service", str(number)) for number in range(8)]
    assert decide(objects[:7], heals=True, asked_for=14, now=NOW).action == Action.HEAL
    assert decide(objects, heals=True, asked_for=14, now=NOW).action == Action.RESTORE


def test_what_is_lost_for_good_stops_but_holds_up_nothing_else() -> None:
    lost = changed("secret", lost="It has lost a key.")
    following = decide([lost], heals=True, asked_for=14, now=NOW)
    assert (following.action, following.sentence) == (Action.STOP, "It has lost a key.")
    following = decide([lost, changed()], heals=True, asked_for=14, now=NOW)
    assert (following.action, [each.name for each in following.objects]) == (Action.HEAL, ["backend"])


@pytest.mark.parametrize(
    ("heals", "seconds"),
    [
        ((), 0),
        ((0,), 2),
        ((1.5,), 0.5),
        ((5,), 0),
        ((10, 0), 6),
        ((20, 10, 0), 18),
        ((30, 20, 10, 0), 54),
        ((40, 30, 20, 10, 0), 162),
        ((QUIET.total_seconds(),), 0),
        ((700, 0), 2),
    ],
)
def test_each_heal_of_one_object_waits_three_times_as_long(heals: tuple[float, ...], seconds: float) -> None:
    assert pause(changed(heals=ago(*heals)), NOW) == pytest.approx(seconds)


def test_after_so_many_heals_a_person_decides() -> None:
    heals = ago(*(10 * number for number in range(MOST_HEALS)))
    following = decide([changed(heals=heals)], heals=True, asked_for=14, now=NOW)
    assert following.action == Action.STOP
    assert "Deployment 'backend'" in following.sentence


def test_it_stays_so_for_as_long_as_the_object_is_drifted() -> None:
    heals = ago(*(86_400 + 10 * number for number in range(MOST_HEALS)))
    assert pause(changed(heals=heals, since=86_399), NOW) is None
    assert pause(changed(heals=heals, since=60), NOW) == 0


def test_a_quiet_time_ends_a_chain() -> None:
    recent, old = ago(20), ago(20 + QUIET.total_seconds())
    assert chain_of((*recent, *old), NOW) == list(recent)
