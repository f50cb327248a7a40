"""What Prometheus learns of operations and orphans: from tables, so no process can lose a count and none goes back.

Which workers are there, and when the last sweep was, stands in Redis; while it is away nothing is said of them.
"""

import math
from collections.abc import Iterator

import redis
from celery import current_app
from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from config.breaker import REDIS
from config.metrics.histograms import cumulative
from provisioner.drift.orphans.models import Orphan, OrphanKind
from provisioner.operations import tallies
from provisioner.operations.models import ACTIVE, Operation
from provisioner.operations.tasks import since_the_last_sweep
from provisioner.presence import present


class OperationsCollector(Collector):
    """Failures and times of steps, drift and its healing; one query a scrape over a table that stays small."""

    def collect(self) -> Iterator[Metric]:
        """The families, computed now."""
        totals = tallies.totals()
        failures = CounterMetricFamily(
            "store_platform_provisioning_failures",
            "Births and reconciliations that were given up, by the step that failed and why.",
            labels=["step", "reason"],
        )
        for (step, reason), count in sorted(totals.failures.items()):
            failures.add_metric([step, reason], count)
        yield failures
        times = HistogramMetricFamily(
            "store_platform_step_seconds",
            "Seconds from the first start of a step to its success, attempts and waits included.",
            labels=["step"],
        )
        for step, timed in sorted(totals.timed.items()):
            buckets = cumulative(timed.by_bucket, tallies.STEP_BOUNDS)
            times.add_metric([step], buckets, timed.microseconds / 1_000_000)
        yield times
        drift = CounterMetricFamily(
            "store_platform_drift_detected", "Objects that were found drifted, by kind.", labels=["kind"]
        )
        for kind, count in sorted(totals.drift.items()):
            drift.add_metric([kind], count)
        yield drift
        yield HistogramMetricFamily(
            "store_platform_heal_seconds",
            "Seconds from the detection of an object's drift until it was healed.",
            buckets=cumulative(totals.healed.by_bucket, tallies.HEAL_BOUNDS),
            sum_value=totals.healed.microseconds / 1_000_000,
        )


class OrphansCollector(Collector):
    """What the last sweep found left of stores that are gone; one query a scrape over a table that stays small."""

    def collect(self) -> Iterator[Metric]:
        """Each kind is always there."""
        counts = dict(Orphan.objects.order_by().values_list("kind").annotate(Count("pk")))
        family = GaugeMetricFamily(
            "store_platform_orphans", "What is left of stores that are gone, by kind.", labels=["kind"]
        )
        for kind in OrphanKind:
            family.add_metric([kind.value], counts.get(kind.value, 0))
        yield family


class TeardownsCollector(Collector):
    """Removals that something holds up; one query a scrape, of what is under way alone."""

    def collect(self) -> Iterator[Metric]:
        """One number."""
        blocked = Operation.objects.order_by().filter(state__in=ACTIVE).exclude(blocker="")
        yield GaugeMetricFamily(
            "store_platform_teardowns_blocked",
            "Removals that wait for something that doesn't go.",
            value=sum(count for _, count in blocked.values_list("kind").annotate(Count("pk"))),
        )


class PresenceCollector(Collector):
    """What the platform's other processes told Redis of themselves."""

    def collect(self) -> Iterator[Metric]:
        """Each queue is always there; nothing while Redis is away, which costs one timeout in five seconds."""
        if REDIS.is_open:
            return
        try:
            served, silent = present(), since_the_last_sweep()
        except redis.RedisError:
            REDIS.trip()
            return
        workers = GaugeMetricFamily("store_platform_workers", "Workers that serve a queue.", labels=["queue"])
        for queue in sorted(current_app.amqp.queues):
            workers.add_metric([queue], len(served.get(queue, ())))
        yield workers
        yield GaugeMetricFamily(
            "store_platform_last_sweep_seconds",
            "Seconds since beat's last sweep of operations.",
            value=math.inf if silent is None else silent,
        )
