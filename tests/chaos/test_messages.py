"""Messages make it fast, sweeps make it certain, and each alone is enough."""

import pytest

from tests.chaos.checks import assert_born_once, assert_gone, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.mail import Weather
from tests.chaos.rig import Plan, Rig


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig) -> Rig:
    """A platform that soon sends again: each step of these stores waits for that."""
    box = make_rig(Plan(env={"STOREPLANE_RESEND_SECONDS": "0.5", "STOREPLANE_SWEEP_SECONDS": "0.5"}))
    box.undisturbed()
    return box


@pytest.mark.parametrize("weather", [Weather.ONLY_SWEEPS, Weather.NO_TAILS], ids=lambda weather: weather.name.lower())
def test_stores_are_born_and_removed_though_messages_are_lost(rig: Rig, weather: Weather) -> None:
    names = [rig.name(f"{weather.name.lower().replace('_', '-')}-{number}") for number in range(2)]
    with rig.mail.during(weather):
        rig.ask_for(*names)
        rig.wait_ready(*names)
        for name in names:
            assert_born_once(rig.cluster, name, rig.undisturbed())

        rig.tear_down(*names)
        rig.wait_gone(*names)
    for name in names:
        assert_gone(rig.cluster, name)
    assert_no_orphans(rig.cluster, rig.prefix)


def test_stores_are_born_and_removed_though_everything_is_sent_twice(rig: Rig) -> None:
    names = [rig.name(f"double-{number}") for number in range(4)]
    with rig.mail.during(Weather.DOUBLE):
        rig.ask_for(*names)
        rig.wait_ready(*names)
        for name in names:
            assert_born_once(rig.cluster, name, rig.undisturbed())

        rig.tear_down(*names)
        rig.wait_gone(*names)
    for name in names:
        assert_gone(rig.cluster, name)


def test_stores_are_born_and_removed_though_no_beat_sends_sweeps(make_rig: MakeRig, rig: Rig) -> None:
    quiet = make_rig(Plan(beat=False))
    names = [quiet.name(f"quiet-{number}") for number in range(4)]

    quiet.ask_for(*names)
    quiet.wait_ready(*names)

    for name in names:
        assert_born_once(quiet.cluster, name, rig.undisturbed())
    quiet.tear_down(*names)
    quiet.wait_gone(*names)
    for name in names:
        assert_gone(quiet.cluster, name)
