"""The detour as a client sees it, with a fake kubectl and small servers in the place of pods."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.detour.server import Detour
from tests.detour.world import HOST, Cluster, Pod, ingress, pod, service

PARTS = [
    ingress(("/store", "Prefix", "backend"), ("/", "Prefix", "storefront")),
    service("backend"),
    service("storefront"),
]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster(tmp_path)
    for name, value in made.env.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def client(cluster: Cluster) -> Iterator[httpx.Client]:
    detour = Detour()
    place = detour.start()
    with httpx.Client(base_url=f"http://{place}", headers={"Host": HOST}, trust_env=False, timeout=30) as made:
        yield made
    detour.close()
    assert not any(psutil.pid_exists(pid) for pid in cluster.pids())
    assert "detour" not in {thread.name for thread in threading.enumerate()}


def wait_for(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_requests_reach_the_pods_behind_their_paths_with_all_that_was_sent(
    cluster: Cluster, client: httpx.Client
) -> None:
    Pod(cluster, "front"), Pod(cluster, "back")
    cluster.show(*PARTS, pod("front", "storefront"), pod("back", "backend"))

    shop = client.get("/a%20page?q=%2Bx&q=y", headers={"Cookie": "a=1; b=2", "X-Forwarded-For": "10.0.0.1"}).json()
    sent = client.post("/store/carts", content=b"z" * 3_000_000, headers={"Content-Type": "text/plain"}).json()

    assert (shop["pod"], shop["path"]) == ("front", "/a%20page?q=%2Bx&q=y")
    assert shop["headers"]["Host"] == HOST
    assert shop["headers"]["Cookie"] == "a=1; b=2"
    assert shop["headers"]["X-Forwarded-Host"] == HOST
    assert shop["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert (sent["pod"], sent["method"], sent["bytes"]) == ("back", "POST", 3_000_000)
    assert sent["headers"]["Content-Type"] == "text/plain"
    assert len(cluster.pids()) == 2


def test_answers_come_back_as_they_are(cluster: Cluster, client: httpx.Client) -> None:
    Pod(cluster, "front")
    cluster.show(*PARTS, pod("front", "storefront"))

    moved, pieces = client.get("/moved"), client.get("/pieces")

    assert moved.status_code == 307
    assert moved.headers["Location"] == "http://tea.localhost/elsewhere"
    assert moved.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert pieces.content == b"x" * 500_000


def test_nobody_is_turned_away_while_a_pod_is_replaced(cluster: Cluster, client: httpx.Client) -> None:
    old = Pod(cluster, "old")
    cluster.show(*PARTS, pod("old", "storefront"))
    assert client.get("/").json()["pod"] == "old"

    Pod(cluster, "new")
    cluster.show(*PARTS, pod("old", "storefront", leaving=True), pod("new", "storefront"))
    wait_for(lambda: client.get("/").json()["pod"] == "new")
    old.kill()

    assert {client.get("/").json()["pod"] for _ in range(20)} == {"new"}
    # The old one's process ends, also when nobody asks any more.
    cluster.show(*PARTS)
    wait_for(lambda: not any(psutil.pid_exists(pid) for pid in cluster.pids()))


def test_a_pod_that_dies_unseen_costs_a_reader_nothing_and_a_writer_an_error(
    cluster: Cluster, client: httpx.Client
) -> None:
    dead = Pod(cluster, "dead")
    cluster.show(*PARTS, pod("dead", "storefront"))
    assert client.get("/").status_code == 200
    dead.kill()
    assert client.post("/", content=b"an order").status_code == 502

    Pod(cluster, "dead")  # its container was started again
    assert client.get("/").json()["pod"] == "dead"


def test_a_shop_without_a_ready_pod_is_unavailable_and_an_unknown_host_not_found(
    cluster: Cluster, client: httpx.Client
) -> None:
    cluster.show(*PARTS, pod("front", "storefront", ready=False))

    assert client.get("/").status_code == 503
    assert client.get("/", headers={"Host": "coffee.localhost"}).status_code == 404


def test_kubectls_complaint_is_told(cluster: Cluster, client: httpx.Client) -> None:
    gone = pod("gone", "storefront")
    cluster.show(*PARTS, gone)

    answer = client.post("/", content=b"")

    assert answer.status_code == 502
    assert "ForwardError" in answer.text
