"""A Helm action ends: at its end, at its deadline, or with the worker that asked for it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from provisioner.cluster import Cluster
from provisioner.helm import HelmTimeout
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.process import environment, run
from provisioner.helm.runners import HelmChild
from tests.charts.rendering import CHART
from tests.provisioner.fake_api import kubeconfig


@pytest.fixture
def mute_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """An API server that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{listener.getsockname()[1]}")))
        yield listener


def test_helm_is_killed_at_its_deadline_and_leaves_no_process(mute_server: socket.socket) -> None:
    helm = ReleaseActions(Cluster(), HelmChild())
    started = time.monotonic()
    with pytest.raises(HelmTimeout, match=r"stopped after 1\.5 s"):
        helm.install("store", "store-x", CHART, {}, deadline=1.5)
    assert 1.5 <= time.monotonic() - started < 60
    assert _children_of(os.getpid()) == []


_WORKER = """
import sys
from pathlib import Path
from provisioner.helm import helm

helm().install("store", "store-x", Path(sys.argv[1]), {}, deadline=120)
"""


def test_a_killed_worker_takes_its_helm_with_it(mute_server: socket.socket) -> None:
    worker = subprocess.Popen([sys.executable, "-c", _WORKER, str(CHART)])
    try:
        # The connection tells that Helm's own code is running, not merely its launcher.
        mute_server.settimeout(60)
        connection, _ = mute_server.accept()
        (child,) = _children_of(worker.pid)
        assert child.cmdline()[0].endswith("/helm")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
    with connection:
        assert _within(5, lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_an_exception_in_the_worker_ends_helm_at_once(mute_server: socket.socket) -> None:
    """Celery's soft time limit is raised in the middle of the wait, by a signal."""

    class SoftTimeLimit(Exception):
        pass

    def raise_it(*_: object) -> None:
        raise SoftTimeLimit

    before = signal.signal(signal.SIGALRM, raise_it)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        with pytest.raises(SoftTimeLimit):
            ReleaseActions(Cluster(), HelmChild()).install("store", "store-x", CHART, {}, deadline=60)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert _children_of(os.getpid()) == []


def test_a_child_whose_asker_is_already_gone_does_not_start(tmp_path: Path) -> None:
    launch = Path(__file__).parents[3] / "provisioner" / "helm" / "launch.py"
    marker = tmp_path / "started"
    command = [sys.executable, "-I", "-S", str(launch), "1", "/usr/bin/touch", "touch", str(marker)]
    finished = subprocess.run(command, check=False, capture_output=True, timeout=30, text=True)
    assert finished.returncode == 1
    assert "is gone" in finished.stderr
    assert not marker.exists()


def test_the_grandchildren_die_at_the_deadline_too() -> None:
    with pytest.raises(HelmTimeout):
        run("/bin/sh", ["sh", "-c", "sleep 300 & sleep 300"], stdin=b"", deadline=0.5)
    assert _children_of(os.getpid()) == []


def test_output_and_exit_code_come_back() -> None:
    finished = run("/bin/sh", ["sh", "-c", "cat; echo oops >&2; exit 3"], stdin=b"hello" * 100_000, deadline=30)
    assert (finished.returncode, len(finished.stdout), finished.stderr) == (3, 500_000, b"oops\n")


def test_a_child_is_not_told_the_platforms_secrets() -> None:
    own = {
        "PATH": "/bin",
        "KUBECONFIG": "/k",
        "AWS_PROFILE": "a credential plugin may want it",
        "STOREPLANE_SECRET_KEY": "x",
        "DATABASE_URL": "x",
        "REDIS_URL": "x",
    }
    assert set(environment(own)) == {"PATH", "KUBECONFIG", "AWS_PROFILE"}


def test_what_helm_remembers_of_a_server_stays_in_the_platforms_folder() -> None:
    assert environment({"STOREPLANE_HOME": "/s"}) == {"KUBECACHEDIR": "/s/cache/kube"}
    assert environment({"STOREPLANE_HOME": "/s", "KUBECACHEDIR": "/mine"}) == {"KUBECACHEDIR": "/mine"}


def _children_of(pid: int) -> list[psutil.Process]:
    """The living descendants that have to do with Helm or were started by a test here."""
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if child.name() in {"helm", "sleep"} or "helm" in " ".join(child.cmdline())]


def _within(seconds: float, holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return False
