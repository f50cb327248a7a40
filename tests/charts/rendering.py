"""What the store's chart renders to, by Helm's own code in a child process; no cluster is asked."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from provisioner.cluster import Cluster, Manifest
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild

CHART = Path(__file__).resolve().parents[2] / "storefront_charts" / "medusa"
STORE = {
    "name": "tea-shop",
    "displayName": "Tea Shop",
    "host": "tea-shop.localhost",
    "url": "http://tea-shop.localhost:8080",
}
NAMESPACE = "store-tea-shop"


def render(**values: Any) -> list[Manifest]:
    """The chart's objects for the store above with these values over the defaults. Raises a HelmError."""
    return copy.deepcopy(_rendered(json.dumps({"store": STORE, **values}, sort_keys=True)))


def one(objects: list[Manifest], kind: str, name: str) -> Manifest:
    """The one object of that kind and name."""
    (found,) = [item for item in objects if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


def pod_templates(objects: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Each workload's name with its pod template."""
    for item in objects:
        if item["kind"] in {"Deployment", "StatefulSet", "Job"}:
            yield item["metadata"]["name"], item["spec"]["template"]


def containers(pod_spec: Manifest) -> list[Manifest]:
    """All containers of a pod, those that prepare it first."""
    return [*pod_spec.get("initContainers", []), *pod_spec["containers"]]


@cache
def _rendered(values: str) -> list[Manifest]:
    actions = ReleaseActions(Cluster(), HelmChild())
    return actions.template("store", NAMESPACE, CHART, json.loads(values), deadline=60)
