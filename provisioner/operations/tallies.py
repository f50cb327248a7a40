"""What has happened to steps and to drifted objects, counted for ever: rows change, a count never goes back.

Whoever finishes or fails a step inserts one row in that transaction. An insert waits for nobody and nobody waits for
it, so counting adds no lock to the order in which rows are locked. Loose rows are folded together by the sweep, and
since the table is read by one statement, a reader finds each count exactly once (docs/adr/0013).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from django.db import connection, models
from django.db.models import Count, Sum
from django.utils import timezone
from prometheus_client.utils import INF

from config.metrics.histograms import bucket_of
from provisioner.operations.models import SLOTTED, OperationKind, Step

STEP_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds in seconds, up to the longest deadlines of steps."""

HEAL_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper bounds in seconds; a store that drifts again and again waits up to 300 s for its next heal."""

MOST_LOOSE_ROWS = 2_000
"""The sweep folds beyond this: a scrape then reads about so many rows, however long the platform has run."""


class Measure(models.TextChoices):
    """What a tally counts."""

    STEP_SECONDS = "step_seconds", "Seconds of a finished step"
    FAILURE = "failure", "A step that was given up"
    DRIFT = "drift", "An object that was found drifted"
    HEAL_SECONDS = "heal_seconds", "Seconds from a drift's detection to its healing"


class Tally(models.Model):
    """`count` happenings of one sort; `le` is their bucket. Microseconds are whole, so that no sum is ever rounded.

    A sum that a reader gets in another order of addition would differ in its last digit, and Prometheus takes a counter
    that is smaller by a hair for one that began again at zero.
    """

    measure = models.CharField(max_length=20, choices=Measure.choices)
    step = models.CharField(max_length=60)
    reason = models.CharField(max_length=60, blank=True)
    le = models.FloatField(default=INF)
    count = models.PositiveBigIntegerField(default=1)
    microseconds = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "tallies"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.count} of {self.measure} {self.step} {self.reason}".rstrip()


@dataclass
class Timed:
    """Steps of one name that were finished: how many by bucket, and how long all of them took together."""

    by_bucket: dict[float, int] = field(default_factory=lambda: defaultdict(int))
    microseconds: int = 0


@dataclass(frozen=True)
class Totals:
    """All that was ever counted; failures by step and reason, times by step, drift by kind of object."""

    failures: Mapping[tuple[str, str], int]
    timed: Mapping[str, Timed]
    drift: Mapping[str, int]
    healed: Timed


def label_of(kind: str, name: str) -> str:
    """How a step is called in a metric. Removals have a step `namespace` too, which must not mix with a birth's."""
    return f"teardown-{name}" if kind == OperationKind.TEARDOWN else name


def count_finished(step_id: int) -> None:
    """Count a step that has just been finished; runs inside the transition's transaction."""
    kind, name, started, finished = _told(step_id)
    micros = max(0, round((finished - started).total_seconds() * 1_000_000))
    bucket = bucket_of(micros / 1_000_000, STEP_BOUNDS)
    Tally.objects.create(measure=Measure.STEP_SECONDS, step=label_of(kind, name), le=bucket, microseconds=micros)


def count_failure(step_id: int, reason: str) -> None:
    """Count a birth or reconciliation that is given up with this step; runs inside the transition's transaction."""
    kind, name, _, _ = _told(step_id)
    if kind in SLOTTED:
        Tally.objects.create(measure=Measure.FAILURE, step=label_of(kind, name), reason=reason)


def count_drift(kind: str) -> None:
    """Count an object of that kind that was just found drifted; runs inside the transaction that writes it down."""
    Tally.objects.create(measure=Measure.DRIFT, step=kind)


def count_healed(detected: datetime, healed: datetime) -> None:
    """Count a heal with the time since the drift was detected; runs inside the transaction that writes it down."""
    micros = max(0, round((healed - detected).total_seconds() * 1_000_000))
    bucket = bucket_of(micros / 1_000_000, HEAL_BOUNDS)
    Tally.objects.create(measure=Measure.HEAL_SECONDS, step="heal", le=bucket, microseconds=micros)


def totals() -> Totals:
    """Everything, by one statement."""
    failures: dict[tuple[str, str], int] = {}
    drift: dict[str, int] = {}
    timed: dict[str, Timed] = defaultdict(Timed)
    healed = Timed()
    rows = Tally.objects.order_by().values_list("measure", "step", "reason", "le")
    for measure, step, reason, le, count, micros in rows.annotate(Sum("count"), Sum("microseconds")):
        if measure == Measure.FAILURE:
            failures[step, reason] = int(count)
        elif measure == Measure.DRIFT:
            drift[step] = int(count)
        else:
            times = healed if measure == Measure.HEAL_SECONDS else timed[step]
            times.by_bucket[le] += int(count)
            times.microseconds += int(micros)
    return Totals(failures, timed, drift, healed)


def fold() -> int:
    """Put rows of one sort together when there are many; how many rows went. Two at once do no harm.

    One statement: what it deletes and what it inserts become visible together, and a row that another fold has taken
    meanwhile is not there to be taken again.
    """
    if Tally.objects.aggregate(Count("pk"))["pk__count"] <= MOST_LOOSE_ROWS:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_FOLD)
        return int(cursor.fetchone()[0])


_FOLD = """
WITH taken AS (DELETE FROM provisioner_tally RETURNING measure, step, reason, le, count, microseconds),
folded AS (
    INSERT INTO provisioner_tally (measure, step, reason, le, count, microseconds)
    SELECT measure, step, reason, le, sum(count), sum(microseconds) FROM taken GROUP BY measure, step, reason, le
)
SELECT count(*) FROM taken
"""


def _told(step_id: int) -> tuple[str, str, datetime, datetime]:
    step = Step.objects.select_related("operation").only("name", "started_at", "finished_at", "operation__kind")
    found = step.get(pk=step_id)
    finished = found.finished_at or timezone.now()
    return found.operation.kind, found.name, found.started_at or finished, finished
