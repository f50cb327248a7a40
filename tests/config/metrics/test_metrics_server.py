"""A worker's own port: served by its main process, right whatever becomes of its children."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from django.test import override_settings

from config.metrics import server as metrics_server
from config.metrics.folder import VARIABLE
from tests.chaos.processes import Process
from tests.chaos.waiting import until
from tests.config.metrics.counting_worker import count, count_and_die
from tests.services import ROOT

SAMPLE = 'store_platform_cluster_requests_total{code="200",resource="teapots",verb="get"}'


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scrape(port: int, path: str = "/metrics", **headers: str) -> tuple[int, str, str]:
    """Status, content type and body; 0 when nobody answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - http, as written above
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()
    except OSError:
        return 0, "", ""


def counted(port: int) -> float:
    """How often the tasks counted; 0 when nobody answers."""
    lines = scrape(port)[2].splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(SAMPLE)), 0.0)


def serving(folder: Path, port: int) -> dict[str, str]:
    """The environment of a process that serves at the port."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "platform")])
    return {"PYTHONPATH": paths, VARIABLE: str(folder / "metrics"), "STOREPLANE_METRICS_PORT": str(port)}


def worker(folder: Path, port: int) -> Process:
    """A worker whose children end after one task each; on a queue that nothing else in the tests uses."""
    argv = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tests.config.metrics.counting_worker",
        "worker",
        "-Q",
        "drift",
        "-c",
        "2",
    ]
    argv += ["--max-tasks-per-child", "1", "--without-mingle", "--without-gossip", "--loglevel", "INFO"]
    env = {**os.environ, **serving(folder, port)}
    return Process(f"worker-{port}", argv, env, folder / "worker.log", "metrics served")


@pytest.mark.usefixtures("redis_server", "postgres_server")
def test_counts_survive_children_that_end_or_are_killed_and_the_worker_itself(tmp_path: Path) -> None:
    port = free_port()
    process = worker(tmp_path, port)
    process.start()
    try:
        until(process.is_ready, lambda: f"the worker to serve: {process.tail()}", seconds=60)
        for task in (count, count, count_and_die, count):
            task.apply_async(queue="drift")
        until(lambda: counted(port) == 4, lambda: f"4 counts, not {counted(port)}: {process.tail()}", seconds=60)

        process.kill()
        process.start()
        until(process.is_ready, lambda: f"the port to be free again: {process.tail()}", seconds=60)
        count.apply_async(queue="drift")
        until(lambda: counted(port) == 5, lambda: f"5 counts, not {counted(port)}: {process.tail()}", seconds=60)
    finally:
        process.kill()


_NO_CLUSTER = """
apiVersion: v1
kind: Config
current-context: none
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
users: [{name: none, user: {}}]
"""


@pytest.mark.parametrize(
    ("argv", "counts"),
    [
        (("-m", "celery", "-A", "config.celery", "beat", "-s", "{}/schedule", "--pidfile="), ""),
        (("manage.py", "watch_cluster"), 'code="none",resource="deployments",verb="list"'),
    ],
    ids=["beat", "watcher"],
)
def test_beat_and_the_watcher_serve_too(tmp_path: Path, argv: tuple[str, ...], counts: str) -> None:
    port = free_port()
    (tmp_path / "kubeconfig").write_text(_NO_CLUSTER)
    env = {
        **os.environ,
        **serving(tmp_path, port),
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        # Nobody is to be told anything by this beat.
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    command = [sys.executable, *(word.format(tmp_path) for word in argv)]
    process = Process("process", command, env, tmp_path / "log", "metrics served")
    process.start()
    try:
        until(process.is_ready, lambda: f"it to serve: {process.tail()}", seconds=60)
        assert scrape(port)[0] == 200
        until(lambda: counts in scrape(port)[2], lambda: f"{counts} in {scrape(port)[2]}", seconds=60)
    finally:
        process.kill()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """Served from this process."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with override_settings(STOREPLANE_METRICS_PORT=free_port()):
        made = metrics_server.serve()
    assert made is not None
    yield made
    made.shutdown()
    made.server_close()


def test_nothing_is_served_unless_a_port_is_set() -> None:
    assert metrics_server.serve() is None


def test_a_second_worker_on_the_host_works_without_the_port_that_is_taken(server: ThreadingHTTPServer) -> None:
    with override_settings(STOREPLANE_METRICS_PORT=server.server_port):
        assert metrics_server.serve() is None


def test_only_the_metrics_are_served(server: ThreadingHTTPServer) -> None:
    status, content_type, body = scrape(server.server_port, "/admin/")

    assert (status, content_type) == (404, "application/problem+json")
    assert "There is nothing at /admin/." in body


@override_settings(STOREPLANE_METRICS_TOKEN="let-me-in")
def test_the_token_is_asked_for_here_too(server: ThreadingHTTPServer) -> None:
    refused = scrape(server.server_port)

    assert refused[:2] == (401, "application/problem+json")
    assert "let-me-in" not in refused[2]
    assert scrape(server.server_port, Authorization="Bearer let-me-out")[0] == 401
    assert scrape(server.server_port, Authorization="Bearer let-me-in")[0] == 200


def test_it_listens_on_the_loopback_address_unless_told_otherwise(server: ThreadingHTTPServer) -> None:
    assert server.server_address[0] == "127.0.0.1"


def test_a_fork_lets_go_of_the_port(tmp_path: Path) -> None:
    code = (
        "import os, socket, sys\n"
        "from config.metrics.server import serve\n"
        "import django; django.setup()\n"
        "made = serve()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if made.socket.fileno() == -1 else 1)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    env = {**os.environ, **serving(tmp_path, free_port()), "DJANGO_SETTINGS_MODULE": "config.settings"}

    assert subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=False).returncode == 0
