"""The platform as its own chart installs it: in a sandbox that runs the pods, with the chart's PostgreSQL and Redis."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.cluster import Cluster, Manifest
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild
from sandbox.launcher.account import make_account
from tests.chaos.processes import Process
from tests.chaos.waiting import until
from tests.images.medusa.store import free_port
from tests.installed.platform import SPACE, Json, Platform

START_SECONDS = 60.0


@pytest.fixture(scope="module")
def ingress_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, ingress_port: int) -> Iterator[Cluster]:
    """A sandbox whose pods are real processes; KUBECONFIG names it for Helm, too."""
    folder = tmp_path_factory.mktemp("installed")
    kubeconfig = folder / "kubeconfig"
    argv = [sys.executable, "-m", "sandbox", "serve", "--state", str(folder / "state"), "--port", "0"]
    argv += ["--ingress-port", str(ingress_port), "--kubeconfig", str(kubeconfig)]
    env = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    process = Process("sandbox", argv, env, folder / "log", "sandbox ready on")
    process.start()
    try:
        until(process.is_ready, lambda: f"the sandbox: {process.tail()}", seconds=START_SECONDS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", str(kubeconfig))
            yield Cluster()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def space(cluster: Cluster) -> Cluster:
    """What a person does on an empty cluster: a namespace."""
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE, "labels": restricted}})
    cluster.apply(_kubeconfig_secret(Path(os.environ["KUBECONFIG"])))
    return cluster


@pytest.fixture(scope="module")
def platform(space: Cluster, ingress_port: int) -> Platform:
    """`helm install` with the values for a laptop; what is special about this one is that it mounts no tokens."""
    ours: Json = {
        "kubeconfig": {"existingSecret": "cluster"},
        "prepare": {"installDefinition": False},
        "settings": {"trustedProxies": ["127.0.0.0/8"], "trustUserHeader": True},
        "stores": {"port": ingress_port},
    }
    helm = ReleaseActions(space, HelmChild())
    made = Platform(space, helm, ingress_port, "values-local.yaml", ours, {"X-User-Id": "ada"})
    made.install()
    return made


def _kubeconfig_secret(admins: Path) -> Manifest:
    """The sandbox mounts no tokens into pods: the platform is told which cluster it steers, by an account of its own.

    That account has what the chart's role for the platform gives, and nothing else.
    """
    own = admins.with_name("platform.kubeconfig")
    make_account(admins, own)
    metadata = {"name": "cluster", "namespace": SPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"kubeconfig": own.read_text()}}
