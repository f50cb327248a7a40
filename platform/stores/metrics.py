"""What the database knows about stores, for Prometheus: one grouped query, and one for the queue, at each scrape.

Tombstones stay in the table, so the counters only ever grow and are the same from every process.
"""

from collections import Counter
from collections.abc import Iterator

from django.db.models import Count, Q
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from stores.choices import Phase
from stores.engines import ENGINES
from stores.models import Store
from stores.provisioning import provisioner


class StoresCollector(Collector):
    """Counts of stores, and the state of the queue. Never a tenant, a user or a store as a label."""

    def collect(self) -> Iterator[Metric]:
        """The families, computed now."""
        yield from _stores()
        yield from _load()


def _stores() -> Iterator[Metric]:
    created: Counter[str] = Counter(dict.fromkeys(ENGINES, 0))
    phases: Counter[str] = Counter(dict.fromkeys(Phase.values, 0))
    deleted = 0
    rows = (
        Store.objects.order_by()
        .values_list("engine", "phase")
        .annotate(all=Count("pk"), gone=Count("pk", filter=Q(deleted_at__isnull=False)))
    )
    for engine, phase, count, gone in rows:
        created[engine] += count
        phases[phase] += count - gone
        deleted += gone

    births = CounterMetricFamily("store_platform_stores_created", "Stores ever asked for.", labels=["engine"])
    for engine, count in created.items():
        births.add_metric([engine], count)
    yield births
    yield CounterMetricFamily("store_platform_stores_deleted", "Stores completely removed.", value=deleted)
    present = GaugeMetricFamily("store_platform_stores_total", "Stores that aren't gone, by phase.", labels=["phase"])
    for phase, count in phases.items():
        present.add_metric([phase], count)
    yield present


def _load() -> Iterator[Metric]:
    load = provisioner().load()
    yield GaugeMetricFamily("store_platform_queue_depth", "Stores that wait for a slot.", value=load.queue_depth)
    yield GaugeMetricFamily(
        "store_platform_queue_oldest_seconds",
        "How long the oldest of them has waited.",
        value=load.queue_oldest_seconds,
    )
    slots = GaugeMetricFamily("store_platform_slots", "Provisioning slots by state.", labels=["state"])
    slots.add_metric(["used"], load.slots_used)
    slots.add_metric(["free"], max(load.slots - load.slots_used, 0))
    yield slots
