"""Messages that only wake somebody up: admission and the sweep. All of them may come twice, late or never."""

from datetime import datetime

import redis
import structlog
from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from provisioner.messages import send
from provisioner.operations import admission, recovery, tallies
from provisioner.operations.sweeping import alone
from stores.publish import publish_left_behind, streams

BEAT_KEY = "storeplane:beat"
BEAT_SILENT_AFTER_SECONDS = 45.0

log = structlog.get_logger(__name__)


@shared_task(name="provisioner.operations.tasks.admit")
def admit() -> None:
    """Give free slots to those whose turn it is."""
    admission.admit()


def admit_soon() -> None:
    """Ask for an admission once the surrounding transaction commits; the sweep does it in any case."""
    transaction.on_commit(lambda: send(admit.s(), queue="events"), robust=True)


@shared_task(name="provisioner.operations.tasks.sweep")
def sweep() -> None:
    """Send again what was lost, admit whoever can be admitted, publish what was committed and not told.

    It also keeps the tallies short.
    """
    _note_the_beat()
    with alone("operations") as held:
        if not held:
            return
        sent = recovery.sweep()
        admitted = admission.admit()
        published = publish_left_behind()
        tallies.fold()
    if sent or admitted or published:
        log.info("swept", sent=len(sent), admitted=len(admitted), published=published)


def beat_silent_after() -> float:
    """Seconds after the last sweep when `/health` misses beat; with a rare sweep the time in which three were due."""
    return max(BEAT_SILENT_AFTER_SECONDS, 3.0 * float(settings.STOREPLANE_SWEEP_SECONDS))


def since_the_last_sweep() -> float | None:
    """Seconds, or None when none has run for long. Raises redis.RedisError."""
    last = streams().get(BEAT_KEY)
    return None if last is None else (timezone.now() - datetime.fromisoformat(str(last))).total_seconds()


def _note_the_beat() -> None:
    """For `/health`; a sweep that can't be noted is a sweep all the same."""
    try:
        # Kept for longer than it is believed, so that one can tell how old it is.
        life = round(10 * beat_silent_after())
        streams().set(BEAT_KEY, timezone.now().isoformat(), ex=life)
    except (redis.RedisError, OSError) as error:
        log.warning("the sweep was not noted", error=type(error).__name__)
