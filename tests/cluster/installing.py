"""`install`: the platform's chart into the cluster, by the Helm library that the platform itself uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import DEPLOYMENT, STATEFUL_SET
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.errors import HelmError
from provisioner.helm.runners import HelmChild
from sandbox.launcher.console import Console
from tests.cluster.commands import ClusterError, until
from tests.cluster.places import Places

RELEASE, SPACE = "storeplane", "storeplane-system"
HELM_SECONDS, READY_SECONDS = 300.0, 300.0


def install(places: Places, console: Console) -> None:
    """Install it, or bring what is installed up to date, and wait until all its pods are ready."""
    os.environ["KUBECONFIG"] = str(places.kubeconfig)
    cluster = Cluster()
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    helm, chart = ReleaseActions(cluster, HelmChild()), places.copy / "deploy" / "chart"
    act = helm.upgrade if helm.status(RELEASE, SPACE) else helm.install
    with console.step("Helm"):
        try:
            act(RELEASE, SPACE, chart, chart_values(places), deadline=HELM_SECONDS)
        except HelmError as error:
            raise ClusterError(str(error)) from error
    with console.step("Pods"):
        until(lambda: not missing(cluster), "the platform's pods", READY_SECONDS)


def chart_values(places: Places) -> dict[str, Any]:
    """Those of a laptop, and this cluster's over them."""
    laptop = places.copy / "deploy" / "chart" / "values-local.yaml"
    return merged(_read(laptop), _read(places.values))


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Helm lays one file of values over another."""
    out = dict(under)
    for name, value in over.items():
        both = isinstance(value, dict) and isinstance(out.get(name), dict)
        out[name] = merged(out[name], value) if both else value
    return out


def missing(cluster: Cluster) -> list[str]:
    """The workloads that don't have all their pods."""
    found = [*cluster.list(DEPLOYMENT, SPACE), *cluster.list(STATEFUL_SET, SPACE)]
    return [
        each["metadata"]["name"]
        for each in found
        if each.get("status", {}).get("readyReplicas", 0) != each["spec"]["replicas"]
    ]
