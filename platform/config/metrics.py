"""`/metrics`: right on every process of several.

Counters and histograms of all processes come from `PROMETHEUS_MULTIPROC_DIR` when it is set (and from this process
alone when not); what the database knows is asked for at the scrape, so every process answers the same.
"""

import os

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from provisioner.metrics import OperationsCollector
from stores.metrics import StoresCollector


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format."""
    body = b"".join(generate_latest(registry) for registry in _registries())
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _registries() -> list[CollectorRegistry]:
    asked = CollectorRegistry()
    asked.register(StoresCollector())
    asked.register(OperationsCollector())
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        processes = CollectorRegistry()
        MultiProcessCollector(processes)  # type: ignore[no-untyped-call]
        return [processes, asked]
    return [REGISTRY, asked]
