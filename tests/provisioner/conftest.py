"""A Kubernetes API for tests: the one that `KUBECONFIG` names, or a sandbox started for them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import NAMESPACE

_STARTS_WITHIN = 60.0


@pytest.fixture(scope="session")
def kube_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The path of a kubeconfig whose API server answers."""
    given = os.environ.get("KUBECONFIG")
    if given:
        yield Path(given)
        return
    folder = tmp_path_factory.mktemp("sandbox")
    kubeconfig = folder / "kubeconfig"
    port, ingress = _free_port(), _free_port()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sandbox", "serve", "--state", str(folder / "state")),
                *("--port", str(port), "--ingress-port", str(ingress), "--runtime", "fake"),
                *("--kubeconfig", str(kubeconfig)),
            ],
            stdout=log,
            stderr=log,
        )
        try:
            _wait_until_it_answers(process, f"http://127.0.0.1:{port}/version", folder / "log")
            yield kubeconfig
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


@pytest.fixture
def kube(kube_api: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A gateway to that API, which KUBECONFIG names for child processes too."""
    monkeypatch.setenv("KUBECONFIG", str(kube_api))
    return Cluster()


@pytest.fixture
def namespace(kube: Cluster) -> Iterator[str]:
    """A fresh namespace, deleted at the end."""
    name = f"store-test-{uuid.uuid4().hex[:8]}"
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    yield name
    kube.delete(NAMESPACE, name)


def _wait_until_it_answers(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"The sandbox ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own address
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"The sandbox did not answer within {_STARTS_WITHIN:g} s: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
