"""The platform's chart against a real API: what an upgrade and a removal leave as it was."""

from __future__ import annotations

from typing import Any

import pytest

from provisioner.cluster import Cluster, Kind, Manifest
from provisioner.cluster.kinds import DEPLOYMENT, SECRET, STATEFUL_SET
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild
from tests.charts.rendering import PLATFORM

pytestmark = pytest.mark.cluster

JOB = Kind("batch", "v1", "jobs", "Job")
VALUES: dict[str, Any] = {
    # Nothing is to run, and nothing of the whole cluster is to change: another platform may be in it.
    "registry": "registry.invalid",
    "rbac": {"create": False},
    "prepare": {"installDefinition": False},
}


def secret(kube: Cluster, namespace: str) -> Manifest | None:
    return kube.get(SECRET, "sp-secrets", namespace)


def test_a_release_keeps_its_secret_over_upgrades_removal_and_a_second_install(kube: Cluster, namespace: str) -> None:
    helm = ReleaseActions(kube, HelmChild())

    assert helm.install("sp", namespace, PLATFORM, VALUES).status == "deployed"

    made = secret(kube, namespace)
    assert made is not None
    assert len(made["data"]) == 5
    assert kube.get(STATEFUL_SET, "sp-postgresql", namespace) is not None
    assert kube.get(JOB, "sp-prepare-1", namespace) is not None

    assert helm.upgrade("sp", namespace, PLATFORM, {**VALUES, "watcher": {"replicas": 2}}).status == "deployed"

    assert secret(kube, namespace) == made
    watcher = kube.get(DEPLOYMENT, "sp-watcher", namespace)
    assert watcher is not None
    assert watcher["spec"]["replicas"] == 2
    assert kube.get(JOB, "sp-prepare-2", namespace) is not None

    assert helm.uninstall("sp", namespace)

    assert kube.get(DEPLOYMENT, "sp-watcher", namespace) is None
    assert secret(kube, namespace) == made
    assert helm.install("sp", namespace, PLATFORM, VALUES).status == "deployed"
    assert secret(kube, namespace) == made


def test_a_key_that_is_missing_is_added_and_the_others_stay(kube: Cluster, namespace: str) -> None:
    helm = ReleaseActions(kube, HelmChild())
    helm.install("sp", namespace, PLATFORM, VALUES)
    made = secret(kube, namespace)
    assert made is not None
    kept = {key: value for key, value in made["data"].items() if key != "metrics-token"}
    kube.replace({**made, "data": kept})

    helm.upgrade("sp", namespace, PLATFORM, VALUES)

    mended = secret(kube, namespace)
    assert mended is not None
    assert {key: mended["data"][key] for key in kept} == kept
    assert "metrics-token" in mended["data"]
