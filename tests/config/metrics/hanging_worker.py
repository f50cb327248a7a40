"""A Celery app whose worker's event loop hangs as soon as the file named by HANG is there; its clock runs fast."""

import os
import time
from pathlib import Path

from celery.signals import heartbeat_sent

from config.metrics import liveness
from tests.config.metrics.counting_worker import app

__all__ = ["app"]

SPEED = 10

liveness.PULSE = liveness.Pulse(clock=lambda: SPEED * time.monotonic())


def _hang(**_: object) -> None:
    if Path(os.environ["HANG"]).exists():
        time.sleep(600)


heartbeat_sent.connect(_hang, weak=False)
