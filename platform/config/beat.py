"""What runs again and again. Each entry expires with its period: a beat that was away leaves no pile behind."""

from typing import Any

from django.conf import settings


def _every(seconds: float, task: str, queue: str) -> dict[str, Any]:
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": seconds}}


def schedule() -> dict[str, dict[str, Any]]:
    """Beat's entries by name."""
    return {
        "sweep operations": _every(settings.STOREPLANE_SWEEP_SECONDS, "provisioner.operations.tasks.sweep", "events"),
        "sweep mirrors": _every(60, "provisioner.mirror.tasks.sweep_mirrors", "events"),
        "sweep health": _every(60, "provisioner.drift.tasks.sweep_health", "drift"),
        "sweep orphans": _every(600, "provisioner.drift.orphans.tasks.sweep_orphans", "drift"),
    }
