"""What Prometheus learns of operations, counted from the rows at each scrape: no process can lose a count."""

from collections.abc import Iterable

from django.db.models import Count, QuerySet
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from provisioner.operations.models import OperationKind, Step, StepState
from stores.provisioning import provisioner

PREFIX = "store_platform"


class OperationCollector(Collector):
    """Slots, queue and failures; three queries a scrape whatever the number of stores."""

    def describe(self) -> Iterable[Metric]:
        """Nothing up front: registering must not ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """One gauge or counter family after the other."""
        yield from _load()
        yield _failures()


def _load() -> Iterable[Metric]:
    load = provisioner().load()
    slots = GaugeMetricFamily(f"{PREFIX}_slots", "Provisioning slots by state.", labels=["state"])
    slots.add_metric(["used"], load.slots_used)
    slots.add_metric(["free"], max(0, load.slots - load.slots_used))
    yield slots
    yield GaugeMetricFamily(f"{PREFIX}_queue_depth", "Stores that wait for a slot.", load.queue_depth)
    yield GaugeMetricFamily(
        f"{PREFIX}_queue_oldest_seconds", "How long the oldest of them has waited.", load.queue_oldest_seconds
    )


def _failures() -> Metric:
    family = CounterMetricFamily(
        f"{PREFIX}_provisioning_failures", "Births that were given up.", labels=["step", "reason"]
    )
    for step, reason, count in _failed_steps():
        family.add_metric([step, reason], count)
    return family


def _failed_steps() -> "QuerySet[Step, tuple[str, str, int]]":
    failed = Step.objects.filter(state=StepState.FAILED, operation__kind=OperationKind.PROVISION)
    return failed.values_list("name", "error_reason").annotate(Count("id"))
