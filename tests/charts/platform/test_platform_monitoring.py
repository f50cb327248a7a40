"""Monitors, alerts and the dashboard: what they ask for is there, and Prometheus can read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
from django.test import Client

from provisioner.cluster import Manifest
from tests.charts.network import selects
from tests.charts.platform.variants import rendered
from tests.charts.rendering import PLATFORM, RELEASE, ROOT, SYSTEM, one, pod_templates

MONITORED = rendered("monitored")
DASHBOARD = json.loads((PLATFORM / "grafana" / "storeplane.json").read_text())
_SUFFIX = {"counter": "", "gauge": "", "histogram": "(?:_bucket|_count|_sum)"}


def rules() -> list[Manifest]:
    (group,) = one(MONITORED, "PrometheusRule", RELEASE)["spec"]["groups"]
    return list(group["rules"])


def asked() -> Iterator[tuple[str, str]]:
    """Where it stands, and the expression."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


EXPRESSIONS = list(asked())


def test_what_is_wanted_has_an_alert_and_a_panel() -> None:
    named = {rule["alert"].removeprefix("Storeplane") for rule in rules()}
    assert named >= {
        *("QueueStandsStill", "QueueIsLong", "BirthsFail", "TeardownStuck", "NoBeat", "NoWorker", "Orphans"),
        *("SweepFails", "SweepMissing", "ApiErrors", "ClusterDoesNotAnswer"),
    }
    assert len(DASHBOARD["panels"]) == len({panel["title"] for panel in DASHBOARD["panels"]}) > 15


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS)
def test_an_expression_is_promql_about_metrics_and_labels_that_are_there(where: str, expression: str) -> None:
    known = documented()
    selectors = list(selectors_of(promql_parser.parse(expression)))
    assert selectors
    for name, labels in selectors:
        (of,) = [labels for pattern, labels in known.items() if re.fullmatch(pattern, name)] or [None]
        assert of is not None, f"{where}: there is no metric {name}"
        assert labels - {"namespace"} <= of, f"{where}: {name} has no such label"
        assert "namespace" in labels, f"{where}: {name} is asked for in all namespaces"


@pytest.mark.django_db
def test_django_prometheus_names_are_those_of_a_real_scrape() -> None:
    Client().get("/health/live")
    scraped = set(re.findall(r"^(django_\w+)", Client().get("/metrics").content.decode(), re.MULTILINE))
    used = {name for _, text in EXPRESSIONS for name, _ in selectors_of(promql_parser.parse(text))}
    assert {name for name in used if name.startswith("django_")} - scraped == set()


@pytest.mark.parametrize("rule", rules(), ids=[rule["alert"] for rule in rules()])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: Manifest) -> None:
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert {"summary", "description"} == rule["annotations"].keys()
    labels = {label for text in rule["annotations"].values() for label in re.findall(r"\$labels\.(\w+)", text)}
    assert labels <= set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", rule["expr"]))))
    assert f'namespace="{SYSTEM}"' in rule["expr"]
    assert "NAMESPACE" not in json.dumps(rule)


def test_monitors_find_every_process_and_carry_the_token() -> None:
    service = one(MONITORED, "Service", f"{RELEASE}-web")
    web = one(MONITORED, "ServiceMonitor", f"{RELEASE}-web")["spec"]
    assert selects(web["selector"], service["metadata"]["labels"])
    pods = one(MONITORED, "PodMonitor", f"{RELEASE}-processes")["spec"]
    found = {
        name for name, template in pod_templates(MONITORED) if selects(pods["selector"], template["metadata"]["labels"])
    }
    processes = ("worker-provision", "worker-teardown", "worker-events", "beat", "watcher")
    assert found == {f"{RELEASE}-{name}" for name in processes}
    for endpoint in (*web["endpoints"], *pods["podMetricsEndpoints"]):
        assert endpoint["authorization"]["credentials"] == {"name": "storeplane-secrets", "key": "metrics-token"}


def test_without_protection_no_token_is_set_or_sent() -> None:
    objects = rendered("scrapes without a token")
    assert "metrics-token" not in json.dumps([item for item in objects if item["kind"] != "Secret"])
    assert "STOREPLANE_METRICS_TOKEN" not in json.dumps(objects)


def test_the_dashboard_is_found_by_grafanas_sidecar() -> None:
    config = one(MONITORED, "ConfigMap", f"{RELEASE}-dashboard")
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert config["metadata"]["annotations"] == {"grafana_folder": "Platform"}
    assert json.loads(config["data"]["storeplane.json"]) == DASHBOARD


def test_none_of_it_is_made_unless_it_is_asked_for() -> None:
    kinds = {item["kind"] for item in rendered("defaults")}
    assert not kinds & {"ServiceMonitor", "PodMonitor", "PrometheusRule", "ConfigMap"}


def selectors_of(node: Any) -> Iterator[tuple[str, set[str]]]:
    """Name and matched labels of each metric in a parsed expression."""
    if isinstance(node, promql_parser.VectorSelector):
        yield node.name, {matcher.name for matcher in node.matchers.matchers}
    for part in ("expr", "lhs", "rhs", "vector_selector", "param"):
        inner = getattr(node, part, None)
        if isinstance(inner, promql_parser.Expr):
            yield from selectors_of(inner)
    for inner in getattr(node, "args", []):
        yield from selectors_of(inner)


def documented() -> dict[str, set[str]]:
    """Patterns of the names in a scrape and their labels: docs/metrics.md, which another test holds to a scrape."""
    text = (ROOT / "docs" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(store_platform_\w+)` \| (\w+) \| ([^|]*) \|", text, re.MULTILINE)
    own = {f"{name}{_SUFFIX[type_]}": {*re.findall(r"`(\w+)`", labels), "le"} for name, type_, labels in rows}
    return {
        **own,
        "django_http_responses_total_by_status_total": {"status"},
        "django_http_requests_latency_seconds_by_view_method_bucket": {"view", "method", "le"},
    }
