"""A Kubernetes API for these tests alone: the sandbox with pods that get ready without a process."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from provisioner import cluster as gateways
from provisioner import helm
from provisioner.cluster import Cluster
from provisioner.cluster.kinds import CUSTOM_RESOURCE_DEFINITION
from provisioner.mirror.schema import crd
from tests.chaos.processes import Process
from tests.chaos.waiting import until

READY_AFTER_MS = 200


@contextmanager
def sandbox(folder: Path) -> Iterator[Path]:
    """The path of a kubeconfig; the Store definition is installed."""
    kubeconfig = folder / "kubeconfig"
    argv = [sys.executable, "-m", "sandbox", "serve", "--state", str(folder / "state"), "--port", "0"]
    argv += ["--ingress-port", "0", "--runtime", "fake", "--ready-after-ms", str(READY_AFTER_MS)]
    argv += ["--kubeconfig", str(kubeconfig)]
    env = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    process = Process("sandbox", argv, env, folder / "log", "sandbox ready on")
    process.start()
    try:
        until(process.is_ready, lambda: f"the sandbox: {process.tail()}", seconds=60)
        with using(kubeconfig) as cluster:
            cluster.apply(crd())
            name = crd()["metadata"]["name"]
            assert cluster.wait_for(CUSTOM_RESOURCE_DEFINITION, name, None, _is_served, timeout=30)
        yield kubeconfig
    finally:
        process.stop()


@contextmanager
def using(kubeconfig: Path) -> Iterator[Cluster]:
    """A gateway to that cluster, which KUBECONFIG names meanwhile for this process and the children it starts."""
    before = os.environ.get("KUBECONFIG")
    os.environ["KUBECONFIG"] = str(kubeconfig)
    _forget_gateways()
    try:
        yield Cluster()
    finally:
        _forget_gateways()
        if before is None:
            del os.environ["KUBECONFIG"]
        else:
            os.environ["KUBECONFIG"] = before


def _forget_gateways() -> None:
    """What the engine keeps for a process knows the cluster of its first request."""
    gateways.cluster.cache_clear()
    helm.helm.cache_clear()


def address_of(kubeconfig: Path) -> tuple[str, int]:
    """Host and port of the API server that a kubeconfig names."""
    server = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    host, _, port = server.removeprefix("http://").rstrip("/").partition(":")
    return host, int(port)


def redirected(kubeconfig: Path, port: int, target: Path) -> Path:
    """A copy of a kubeconfig that names another port of this machine, behind which a proxy listens."""
    document = yaml.safe_load(kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = f"http://127.0.0.1:{port}"
    target.write_text(yaml.safe_dump(document))
    return target


def _is_served(definition: dict[str, object] | None) -> bool:
    conditions = ((definition or {}).get("status") or {}).get("conditions", [])  # type: ignore[attr-defined]
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)
