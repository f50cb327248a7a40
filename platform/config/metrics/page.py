"""`/metrics`: right on every process of several.

What processes count is added up over all of them (`config.metrics.processes`); what the database knows is asked for at
the scrape, so every process answers the same. docs/metrics.md tells of each name.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from config.metrics import processes
from config.metrics.access import CHALLENGE, REFUSAL, may_read
from config.problems import Problem, problem_response
from provisioner.metrics import OperationsCollector, OrphansCollector, PresenceCollector, TeardownsCollector
from stores.metrics import StoresCollector


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for whoever has the token when there is one."""
    if not may_read(request.headers.get("Authorization", "")):
        refusal = problem_response(request, Problem(401, "not-authenticated", REFUSAL))
        refusal["WWW-Authenticate"] = CHALLENGE
        return refusal
    body = generate_latest(processes.registry()) + generate_latest(_asked())
    return HttpResponse(body, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _asked() -> CollectorRegistry:
    asked = CollectorRegistry()
    asked.register(StoresCollector())
    asked.register(OperationsCollector())
    asked.register(OrphansCollector())
    asked.register(TeardownsCollector())
    asked.register(PresenceCollector())
    return asked
