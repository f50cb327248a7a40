"""What Prometheus learns of operations, counted from the rows at each scrape: no process can lose a count."""

from collections.abc import Iterator

from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from provisioner.operations.models import SLOTTED, Step, StepState


class OperationsCollector(Collector):
    """Births and reconciliations that were given up; one query a scrape whatever the number of stores."""

    def collect(self) -> Iterator[Metric]:
        """The families, computed now."""
        family = CounterMetricFamily(
            "store_platform_provisioning_failures",
            "Births and reconciliations that were given up.",
            labels=["step", "reason"],
        )
        failed = Step.objects.order_by().filter(state=StepState.FAILED, operation__kind__in=SLOTTED)
        for step, reason, count in failed.values_list("name", "error_reason").annotate(Count("pk")):
            family.add_metric([step, reason], count)
        yield family
