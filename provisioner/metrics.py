"""What Prometheus learns of operations: from the tallies, so no process can lose a count and none goes back."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from config.metrics.histograms import cumulative
from provisioner.operations import tallies


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
