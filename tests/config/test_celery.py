"""The numbers of the Celery settings that must stand in an order, and what beat sends."""

from config import celery
from config.beat import schedule
from provisioner.pipelines.chain import LONGEST_COUNTDOWN_SECONDS
from provisioner.pipelines.steps.release import DEADLINE_SECONDS


def test_a_message_comes_back_only_after_its_task_was_killed_and_helm_is_killed_before_all() -> None:
    assert DEADLINE_SECONDS < celery.SOFT_LIMIT_SECONDS < celery.HARD_LIMIT_SECONDS < celery.VISIBILITY_SECONDS


def test_a_message_that_is_put_off_is_done_with_before_it_could_come_back() -> None:
    assert LONGEST_COUNTDOWN_SECONDS + celery.HARD_LIMIT_SECONDS <= celery.VISIBILITY_SECONDS


def test_what_beat_sends_expires_with_its_period_and_has_a_queue() -> None:
    for entry in schedule().values():
        assert entry["options"]["expires"] == entry["schedule"]
        assert entry["options"]["queue"] in celery.QUEUES
