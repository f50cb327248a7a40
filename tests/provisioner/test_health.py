"""The provisioner's parts of `/health`: each speaks for itself, whatever becomes of the others."""

from collections.abc import Iterator
from datetime import timedelta
from threading import Event

import pytest
from django.test import override_settings
from django.utils import timezone

from provisioner import health
from provisioner.operations.tasks import BEAT_KEY, sweep
from stores.provisioning import Check
from stores.publish import streams

FINE = Check(True, "Fine.")
PARTS = ("_broker", "_cluster", "_workers", "_beat")


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All parts are fine, and none is being asked."""
    monkeypatch.setattr(health, "_running", {})
    for part in PARTS:
        monkeypatch.setattr(health, part, lambda: FINE)
    return monkeypatch


def test_a_part_that_breaks_speaks_for_itself_alone_and_tells_no_secret(quiet: pytest.MonkeyPatch) -> None:
    def broken() -> Check:
        raise ValueError("redis://:secret@host")

    quiet.setattr(health, "_beat", broken)

    found = health.checks()

    assert found["beat"] == Check(False, "The check failed: ValueError.")
    assert [found[name] for name in ("broker", "cluster", "workers")] == [FINE] * 3


def test_a_part_that_hangs_is_asked_once_however_often_health_is(quiet: pytest.MonkeyPatch) -> None:
    release, asked = Event(), []

    def hung() -> Check:
        asked.append(1)
        release.wait(60)
        return Check(True, "Awake.")

    quiet.setattr(health, "_cluster", hung)
    quiet.setattr(health, "PATIENCE_SECONDS", 0.05)
    try:
        answers = [health.checks() for _ in range(10)]
    finally:
        release.set()

    assert asked == [1]
    for found in answers:
        assert not found["cluster"].ok
        assert found["cluster"].message.startswith("No answer within")
    # The hung one held a single thread, so the others could answer.
    assert answers[-1]["broker"] == answers[-1]["workers"] == answers[-1]["beat"] == FINE


@pytest.mark.usefixtures("redis_server")
class TestBeat:
    """How old a sweep may be."""

    @pytest.fixture(autouse=True)
    def forgotten(self, redis_server: None) -> Iterator[None]:
        yield
        streams().delete(BEAT_KEY)

    def told(self, age: float) -> Check:
        streams().set(BEAT_KEY, (timezone.now() - timedelta(seconds=age)).isoformat())
        return health._beat()

    def test_no_sweep_at_all_is_no_beat(self) -> None:
        streams().delete(BEAT_KEY)

        assert health._beat() == Check(False, "No sweep has run: is beat there?")

    def test_with_the_usual_period_a_sweep_of_a_minute_ago_is_too_old(self) -> None:
        assert self.told(30).ok
        late = self.told(60)
        assert not late.ok
        assert "60 s ago" in late.message

    @override_settings(STOREPLANE_SWEEP_SECONDS=60.0)
    def test_a_rare_sweep_is_given_the_time_of_three(self) -> None:
        assert self.told(150).ok
        assert not self.told(200).ok

    @pytest.mark.django_db(transaction=True)
    @override_settings(STOREPLANE_SWEEP_SECONDS=60.0)
    def test_what_the_sweep_notes_is_there_for_longer_than_it_is_believed(self) -> None:
        sweep()

        assert streams().ttl(BEAT_KEY) > 180
