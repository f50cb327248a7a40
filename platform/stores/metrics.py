"""What the database knows about stores, for Prometheus: one grouped query, and one for the queue, at each scrape.

Tombstones stay in the table and a store is first Ready only once, so what is counted here only ever grows and is the
same from every process.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import Case, Count, DurationField, ExpressionWrapper, F, FloatField, Q, Sum, Value, When
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import INF

from config.metrics.histograms import cumulative
from stores.choices import Phase
from stores.engines import ENGINES
from stores.models import Store
from stores.provisioning import provisioner

BIRTH_BOUNDS = (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 1200, 3600)
"""Upper bounds in seconds; a birth's steps may take 45 minutes together, and waiting in the queue counts too."""


class StoresCollector(Collector):
    """Counts of stores, their births, and the queue. Never a tenant, a user or a store as a label."""

    def collect(self) -> Iterator[Metric]:
        """The families, computed now."""
        yield from _families(_count())
        yield from _load()


@dataclass
class _Counted:
    """All stores that ever were. `births` maps the upper bound of a bucket to the births that fell into it."""

    created: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(ENGINES, 0)))
    phases: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(Phase.values, 0)))
    deleted: int = 0
    births: Counter[float] = field(default_factory=Counter)
    # Exact, as the database adds it up: a rounded sum may come out smaller the next time.
    birth_time: timedelta = timedelta(0)


def _count() -> _Counted:
    counted = _Counted()
    took = ExpressionWrapper(F("ready_at") - F("created_at"), output_field=DurationField())
    within = [When(took__lte=timedelta(seconds=bound), then=Value(float(bound))) for bound in BIRTH_BOUNDS]
    bucket = Case(*within, default=Value(INF), output_field=FloatField())
    rows = Store.objects.order_by().annotate(took=took, bucket=bucket).values_list("engine", "phase", "bucket")
    gone = Count("pk", filter=Q(deleted_at__isnull=False))
    grouped = rows.annotate(stores=Count("pk"), removed=gone, born=Count("ready_at"), time=Sum("took"))
    for engine, phase, le, stores, removed, born, time in grouped:
        counted.created[engine] += stores
        counted.phases[phase] += stores - removed
        counted.deleted += removed
        counted.births[le] += born
        counted.birth_time += time or timedelta(0)
    return counted


def _families(counted: _Counted) -> Iterator[Metric]:
    created = CounterMetricFamily("store_platform_stores_created", "Stores ever asked for.", labels=["engine"])
    for engine, count in counted.created.items():
        created.add_metric([engine], count)
    yield created
    yield CounterMetricFamily("store_platform_stores_deleted", "Stores completely removed.", value=counted.deleted)
    present = GaugeMetricFamily("store_platform_stores_total", "Stores that aren't gone, by phase.", labels=["phase"])
    for phase, count in counted.phases.items():
        present.add_metric([phase], count)
    yield present
    yield HistogramMetricFamily(
        "store_platform_provisioning_seconds",
        "Seconds from the request for a store to its first Ready, waiting in the queue included.",
        buckets=cumulative(counted.births, BIRTH_BOUNDS),
        sum_value=counted.birth_time.total_seconds(),
    )


def _load() -> Iterator[Metric]:
    load = provisioner().load()
    yield GaugeMetricFamily("store_platform_queue_depth", "Stores that wait for a slot.", value=load.queue_depth)
    yield GaugeMetricFamily(
        "store_platform_queue_oldest_seconds",
        "Seconds that the oldest of them has waited.",
        value=load.queue_oldest_seconds,
    )
    slots = GaugeMetricFamily("store_platform_slots", "Provisioning slots by state.", labels=["state"])
    slots.add_metric(["used"], load.slots_used)
    slots.add_metric(["free"], max(load.slots - load.slots_used, 0))
    yield slots
