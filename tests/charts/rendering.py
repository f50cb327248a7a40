"""What the charts render to, by Helm's own code in a child process; no cluster is asked."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from provisioner.cluster import Cluster, Manifest
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "storefront_charts" / "medusa"
PLATFORM = ROOT / "deploy" / "chart"
STORE = {
    "name": "tea-shop",
    "displayName": "Tea Shop",
    "host": "tea-shop.localhost",
    "url": "http://tea-shop.localhost:8080",
}
NAMESPACE = "store-tea-shop"
RELEASE, SYSTEM = "storeplane", "storeplane-system"

KUBERNETES = ["1.33", "1.34", "1.36"]
"""Versions whose schemas every object is held against."""

_LINT = """
import json, sys, helm_python
print(json.dumps(helm_python.lint(sys.argv[1], json.loads(sys.argv[2]), strict=True)))
"""
_NOTES = """
import json, sys, helm_python
with helm_python.Chart.load(sys.argv[1]) as chart:
    rendered = chart.render(json.loads(sys.argv[2]), is_install=True, name=sys.argv[3], namespace=sys.argv[4])
print(rendered["storeplane/templates/NOTES.txt"])
"""
WORKLOADS = {"Deployment", "StatefulSet", "Job"}


def render(**values: Any) -> list[Manifest]:
    """The objects of the store above with these values over the chart's defaults, at its birth. Raises a HelmError."""
    return _rendered(CHART, "store", NAMESPACE, {"store": STORE, **values})


def render_upgrade(**values: Any) -> list[Manifest]:
    """The same at an upgrade of the release."""
    return _rendered(CHART, "store", NAMESPACE, {"store": STORE, **values}, upgrade=True)


def render_platform(*files: str, **values: Any) -> list[Manifest]:
    """The platform's objects by its values files (`values-prod.yaml`), later ones over earlier ones, then `values`."""
    return _rendered(PLATFORM, RELEASE, SYSTEM, platform_values(*files, **values))


def platform_values(*files: str, **values: Any) -> dict[str, Any]:
    """What `helm -f … --set …` would give to the chart."""
    given: dict[str, Any] = {}
    for layer in [*(yaml.safe_load((PLATFORM / file).read_text()) for file in files), values]:
        given = over(given, layer)
    return given


def over(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Values over values: maps are merged, all else is replaced, as Helm does."""
    merged = dict(lower)
    for name, value in upper.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = over(merged[name], value) if both else value
    return merged


def one(objects: list[Manifest], kind: str, name: str) -> Manifest:
    """The one object of that kind and name."""
    (found,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def pod_templates(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Each workload's name with its pod template."""
    for item in objects:
        if item["kind"] in WORKLOADS:
            yield item["metadata"]["name"], item["spec"]["template"]


def containers(pod_spec: Manifest) -> list[Manifest]:
    """All containers of a pod, those that prepare it first."""
    return [*pod_spec.get("initContainers", []), *pod_spec["containers"]]


def lint(chart: Path, values: Mapping[str, Any] | None = None) -> list[str]:
    """What Helm's linter says beyond hints; by a process of its own, since its library must not be where tests fork."""
    argv = [sys.executable, "-I", "-c", _LINT, str(chart), json.dumps(values or {})]
    answer = subprocess.run(argv, capture_output=True, check=True, timeout=60)
    report: dict[str, Any] = json.loads(answer.stdout)
    hints = [message for message in report["messages"] if message["severity"] > 1]
    return [*report["errors"], *(message["error"] for message in hints)]


def notes(values: Mapping[str, Any]) -> str:
    """What a person reads after an install of the platform."""
    argv = [sys.executable, "-I", "-c", _NOTES, str(PLATFORM), json.dumps(values), RELEASE, SYSTEM]
    return subprocess.run(argv, capture_output=True, check=True, timeout=60).stdout.decode()


def _rendered(
    chart: Path, release: str, namespace: str, values: Mapping[str, Any], *, upgrade: bool = False
) -> list[Manifest]:
    return copy.deepcopy(_once(chart, release, namespace, json.dumps(values, sort_keys=True), upgrade=upgrade))


@cache
def _once(chart: Path, release: str, namespace: str, values: str, *, upgrade: bool) -> list[Manifest]:
    actions = ReleaseActions(Cluster(), HelmChild())
    return actions.template(release, namespace, chart, json.loads(values), upgrade=upgrade, deadline=60)
