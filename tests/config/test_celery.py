"""The numbers of the Celery settings that must stand in an order, and what beat sends."""

from datetime import timedelta

from config import celery
from config.beat import JITTER, Jittered, schedule
from provisioner.pipelines.chain import LONGEST_COUNTDOWN_SECONDS
from provisioner.pipelines.steps.release import DEADLINE_SECONDS


def test_a_message_comes_back_only_after_its_task_was_killed_and_helm_is_killed_before_all() -> None:
    assert DEADLINE_SECONDS < celery.SOFT_LIMIT_SECONDS < celery.HARD_LIMIT_SECONDS < celery.VISIBILITY_SECONDS


def test_a_message_that_is_put_off_is_done_with_before_it_could_come_back() -> None:
    assert LONGEST_COUNTDOWN_SECONDS + celery.HARD_LIMIT_SECONDS <= celery.VISIBILITY_SECONDS


def test_what_beat_sends_expires_with_its_period_and_has_a_queue() -> None:
    for entry in schedule().values():
        period = entry["schedule"]
        seconds = period.seconds if isinstance(period, Jittered) else period
        assert entry["options"]["expires"] == seconds
        assert entry["options"]["queue"] in celery.QUEUES
        assert seconds <= 600, "the alert StoreplaneSweepMissing takes each sweep to be due every ten minutes at most"


def test_a_jittered_period_wanders_within_its_share_and_says_the_same_when_asked_again() -> None:
    period = Jittered(120.0)
    now = period.now()
    waits = {period.remaining_estimate(now - timedelta(seconds=number)) for number in range(100)}
    lengths = [
        (period.remaining_estimate(now - timedelta(seconds=number)) + timedelta(seconds=number)).total_seconds()
        for number in range(100)
    ]
    assert len(waits) == 100
    assert max(lengths) - min(lengths) > 120 * JITTER
    for length in lengths:
        assert 120 * (1 - JITTER) - 5 <= length <= 120 * (1 + JITTER) + 5
