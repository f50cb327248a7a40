"""What runs again and again. Each entry expires with its period: a beat that was away leaves no pile behind."""

from datetime import datetime, timedelta
from typing import Any

from celery.beat import PersistentScheduler
from celery.schedules import schedule as every
from django.conf import settings

from config.metrics.liveness import PULSE, broker_is_away

JITTER = 0.1
"""A jittered entry comes up to this share sooner or later than its period."""


class Jittered(every):
    """A period that wanders, so that the sweeps of several platforms don't stay in step.

    Beat asks often how long it is still to wait, so the answer depends on nothing but the last time.
    """

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """How long after now the entry is due."""
        spread = (last_run_at.timestamp() * 0.618034) % 1
        remaining = super().remaining_estimate(last_run_at)
        return remaining + timedelta(seconds=self.seconds) * (2 * JITTER * spread - JITTER)


class TellingScheduler(PersistentScheduler):
    """Beat's own, that says at each tick that it is there (`config.metrics.liveness`)."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; the seconds until the next tick."""
        PULSE.beat("Beat's loop", excuse=broker_is_away)
        return float(super().tick(*args, **kwargs))


def _every(seconds: float, task: str, queue: str) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": seconds}}


def schedule() -> dict[str, dict[str, Any]]:
    """Beat's entries by name."""
    return {
        "sweep operations": _every(settings.STOREPLANE_SWEEP_SECONDS, "provisioner.operations.tasks.sweep", "events"),
        "sweep mirrors": _every(60, "provisioner.mirror.tasks.sweep_mirrors", "events"),
        "sweep drift": {
            **_every(settings.STOREPLANE_DRIFT_SECONDS, "provisioner.drift.tasks.sweep_drift", "drift"),
            "schedule": Jittered(settings.STOREPLANE_DRIFT_SECONDS),
        },
        "sweep health": _every(60, "provisioner.drift.tasks.sweep_health", "drift"),
        "sweep history": _every(600, "provisioner.history.tasks.sweep_history", "events"),
        "sweep orphans": _every(600, "provisioner.drift.orphans.tasks.sweep_orphans", "drift"),
    }
