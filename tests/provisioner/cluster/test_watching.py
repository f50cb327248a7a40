"""Following changes over connections that end, break, hang or come too late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from provisioner.cluster import Cluster, Expired, Forbidden, Manifest, Unavailable
from provisioner.cluster.kinds import POD
from tests.provisioner.fake_api import Asked, FakeApi, Reply, fake_api, kubeconfig, status


def pod(version: int, phase: str = "Pending") -> Manifest:
    metadata = {"name": "x", "namespace": "n", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": {"phase": phase}}


def pods(version: int, *items: Manifest) -> Reply:
    return Reply(body={"kind": "PodList", "metadata": {"resourceVersion": str(version)}, "items": list(items)})


def event(kind: str, item: Manifest) -> dict[str, Any]:
    return {"type": kind, "object": item}


def running(seen: Manifest | None) -> bool:
    return seen is not None and seen["status"]["phase"] == "Running"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    with fake_api(lambda _: Reply()) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{server.port}")))
        yield server


def in_turn(*replies: Reply) -> Callable[[Asked], Reply]:
    """A script of one reply after the other; the last is given again and again."""
    left = list(replies)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_a_watch_that_ends_is_taken_up_where_it_stopped(api: FakeApi) -> None:
    api.script = in_turn(
        Reply(lines=(event("ADDED", pod(5)),)),
        Reply(lines=(event("BOOKMARK", pod(9)),)),
        Reply(lines=(event("DELETED", pod(11)),), silent=True),
    )
    seen = list(islice(Cluster().watch(POD, "n", resource_version="3", timeout=60), 3))
    assert [(change.type, change.resource_version) for change in seen] == [
        ("ADDED", "5"),
        ("BOOKMARK", "9"),
        ("DELETED", "11"),
    ]
    assert [asked.query["resourceVersion"] for asked in api.asked] == ["3", "5", "9"]


@pytest.mark.parametrize("fault", [Reply(drop=True), Reply(503, status(503, "ServiceUnavailable", "starting"))])
def test_a_watch_that_breaks_is_taken_up_where_it_stopped(api: FakeApi, fault: Reply) -> None:
    api.script = in_turn(
        Reply(lines=(event("ADDED", pod(5)),)),
        *[fault] * 2,
        Reply(lines=(event("MODIFIED", pod(7)),), silent=True),
    )
    seen = list(islice(Cluster().watch(POD, "n", timeout=60), 2))
    assert [change.resource_version for change in seen] == ["5", "7"]
    assert api.asked[-1].query["resourceVersion"] == "5"


def test_a_watch_asks_for_one_object_by_its_name_and_for_bookmarks(api: FakeApi) -> None:
    api.script = in_turn(Reply(lines=(), silent=True))
    list(Cluster().watch(POD, "n", name="x", label_selector="a=b", timeout=1))
    assert api.asked[0].query == {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "fieldSelector": "metadata.name=x",
        "labelSelector": "a=b",
        "timeoutSeconds": "1",
    }


@pytest.mark.parametrize(
    "reply",
    [
        Reply(410, status(410, "Expired", "too old resource version: 1 (9)")),
        Reply(lines=({"type": "ERROR", "object": status(410, "Expired", "too old resource version")},)),
    ],
)
def test_a_watch_that_starts_too_far_back_says_so(api: FakeApi, reply: Reply) -> None:
    api.script = in_turn(reply)
    with pytest.raises(Expired):
        list(Cluster().watch(POD, "n", resource_version="1", timeout=60))


def test_a_watch_that_is_not_allowed_says_so_at_once(api: FakeApi) -> None:
    api.script = in_turn(Reply(403, status(403, "Forbidden", "no")))
    with pytest.raises(Forbidden):
        list(Cluster().watch(POD, "n", timeout=30))
    assert len(api.asked) == 1


def test_a_watch_whose_server_stays_away_says_so_at_the_end(api: FakeApi) -> None:
    api.script = in_turn(Reply(503, status(503, "ServiceUnavailable", "down")))
    with pytest.raises(Unavailable):
        list(Cluster().watch(POD, "n", timeout=2))
    assert 2 <= len(api.asked) <= 12


def test_an_overloaded_server_is_left_alone_as_long_as_it_asks(api: FakeApi) -> None:
    busy = Reply(429, status(429, "TooManyRequests", "busy"), {"Retry-After": "0.4"})
    api.script = in_turn(busy, Reply(lines=(event("ADDED", pod(5)),), silent=True))
    started = time.monotonic()
    changes = Cluster().watch(POD, "n", timeout=60)
    assert next(iter(changes)).resource_version == "5"
    assert time.monotonic() - started >= 0.4


def test_waiting_sees_the_present_state_first_with_one_request(api: FakeApi) -> None:
    api.script = in_turn(pods(8, pod(5, "Running")))
    assert Cluster().wait_for(POD, "x", "n", running, timeout=60) == pod(5, "Running")
    assert len(api.asked) == 1


def test_waiting_sees_a_change_at_once_and_misses_none_after_the_list(api: FakeApi) -> None:
    api.script = in_turn(pods(8, pod(5)), Reply(lines=(event("MODIFIED", pod(9, "Running")),), silent=True))
    started = time.monotonic()
    assert Cluster().wait_for(POD, "x", "n", running, timeout=30) == pod(9, "Running")
    assert time.monotonic() - started < 25
    assert api.asked[1].query["resourceVersion"] == "8"


def test_waiting_lists_again_when_the_watch_came_too_late(api: FakeApi) -> None:
    expired = Reply(410, status(410, "Expired", "too old"))
    api.script = in_turn(pods(8, pod(5)), expired, pods(20, pod(19, "Running")))
    assert Cluster().wait_for(POD, "x", "n", running, timeout=30) == pod(19, "Running")


def test_waiting_ends_at_its_time_without_a_result(api: FakeApi) -> None:
    api.script = in_turn(pods(8, pod(5)), Reply(lines=(event("MODIFIED", pod(9)),), silent=True))
    started = time.monotonic()
    assert Cluster().wait_for(POD, "x", "n", running, timeout=0.4) is None
    assert 0.4 <= time.monotonic() - started < 30


def test_gone_means_really_gone(api: FakeApi) -> None:
    leaving = {**pod(9), "metadata": {**pod(9)["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    api.script = in_turn(pods(8, leaving), Reply(lines=(event("DELETED", pod(10)),), silent=True))
    assert Cluster().wait_gone(POD, "x", "n", timeout=30) is True
    assert len(api.asked) == 2


def test_what_is_not_there_is_gone(api: FakeApi) -> None:
    api.script = in_turn(pods(8))
    assert Cluster().wait_gone(POD, "x", "n", timeout=0) is True


def test_what_stays_is_not_gone(api: FakeApi) -> None:
    api.script = in_turn(pods(8, pod(5)), Reply(lines=(), silent=True))
    assert Cluster().wait_gone(POD, "x", "n", timeout=0.3) is False
