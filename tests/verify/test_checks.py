"""The checklist can fail: each check is shown a platform that breaks its promise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from verify import caller, checks
from verify.__main__ import main
from verify.caller import Broken, Caller
from verify.checks import World

Json = dict[str, Any]


class Platform:
    """A fake of the API at its edge, the transport; `stores` is a list of what GET /stores shows, look by look."""

    def __init__(self) -> None:
        self.shown: Iterator[dict[str, str]] = iter(())
        self.phases: dict[str, str] = {}
        self.strangers_see = 404
        self.metrics = ""
        self.protected = False
        self.made: list[str] = []

    def request(self, method: str, url: str, *, headers: dict[str, str], json: Json | None, **_: Any) -> httpx.Response:
        path = httpx.URL(url).path
        return httpx.Response(
            **self._answer(method, path, headers.get("X-User-Id")), request=httpx.Request(method, url)
        )

    def _answer(self, method: str, path: str, user: str | None) -> Json:
        if path == "/metrics":
            return {"status_code": 401 if self.protected else 200, "text": self.metrics}
        if user is None:
            return {"status_code": 401}
        if path == "/me":
            return {"status_code": 200, "json": {"username": user}}
        return self._of_stores(method, path, user)

    def _of_stores(self, method: str, path: str, user: str) -> Json:
        if method == "POST":
            self.made.append(path)
            return {"status_code": 201}
        if path == "/stores":
            self.phases = next(self.shown, self.phases)
            found = [{"name": name, "phase": phase} for name, phase in self.phases.items()]
            return {"status_code": 200, "json": {"results": found}}
        if user == "stranger":
            return {"status_code": self.strangers_see}
        waiting = sorted(name for name, phase in self.phases.items() if phase == "Pending")
        name = path.rpartition("/")[2]
        place = waiting.index(name) + 1 if name in waiting else None
        return {"status_code": 200, "json": {"name": name, "message": "It broke.", "queue_position": place}}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    made = Platform()
    monkeypatch.setattr(caller.httpx, "request", made.request)
    monkeypatch.setattr(caller.time, "sleep", lambda _: None)
    return made


@pytest.fixture
def world() -> World:
    me, stranger = Caller("http://x", {"X-User-Id": "me"}), Caller("http://x", {"X-User-Id": "stranger"})
    return World(me, stranger, cluster=None, metrics_token="", names=["a", "b", "c", "d", "e"])  # type: ignore[arg-type]


def phases(provisioning: str, pending: str = "", ready: str = "", failed: str = "") -> dict[str, str]:
    return {
        **dict.fromkeys(provisioning, "Provisioning"),
        **dict.fromkeys(pending, "Pending"),
        **dict.fromkeys(ready, "Ready"),
        **dict.fromkeys(failed, "Failed"),
    }


def test_identity_is_kept(platform: Platform, world: World) -> None:
    platform.phases = {"a": "Pending"}
    assert checks.identity(world) == "'me' is known; to somebody else 'a' answers 404, also to a DELETE."


@pytest.mark.parametrize("status", [200, 202, 403])
def test_a_store_that_shows_itself_to_a_stranger_breaks_identity(platform: Platform, world: World, status: int) -> None:
    platform.strangers_see = status
    with pytest.raises(Broken, match=f"GET http://x/stores/a answered {status} in place of 404"):
        checks.identity(world)


def test_three_at_a_time_is_kept(platform: Platform, world: World) -> None:
    platform.shown = iter([phases("abc", "de"), phases("cde", "", "ab"), phases("", "", "abcde")])
    assert checks.concurrency(world).startswith("never more than 3 at once, 2 waited in their places;")


def test_a_fourth_at_once_breaks_concurrency(platform: Platform, world: World) -> None:
    platform.shown = iter([phases("abcd", "e"), phases("", "", "abcde")])
    with pytest.raises(Broken, match="4 stores were provisioned at once; 3 is the most"):
        checks.concurrency(world)


def test_a_queue_without_places_breaks_concurrency(platform: Platform, world: World) -> None:
    platform.shown = iter([phases("abc"), phases("", "", "abcde")])
    with pytest.raises(Broken, match=r"The places shown in the queue were \[\]"):
        checks.concurrency(world)


def test_a_store_that_fails_breaks_concurrency_with_its_own_words(platform: Platform, world: World) -> None:
    platform.shown = iter([phases("ab", "", "cd", "e")])
    with pytest.raises(Broken, match="e failed: It broke"):
        checks.concurrency(world)


def test_a_platform_whose_numbers_need_a_token_is_told_of_before_anything_is_made(
    platform: Platform, capsys: pytest.CaptureFixture[str]
) -> None:
    platform.protected = True

    assert main(["--url", "http://x"]) == 2

    assert "give the right one with --metrics-token" in capsys.readouterr().err
    assert platform.made == []


def test_a_missing_metric_breaks_metrics(platform: Platform, world: World) -> None:
    platform.metrics = "store_platform_slots 3\n"
    with pytest.raises(Broken, match="/metrics lacks store_platform_stores_created_total, "):
        checks.metrics(world)


def test_a_count_that_stays_behind_breaks_metrics(platform: Platform, world: World) -> None:
    platform.metrics = "".join(f'{name}{{x="y"}} 1.0\n' for name in checks._PROMISED_METRICS)
    world.made, world.created_before = [*"abcde"], 0.0
    with pytest.raises(Broken, match="counted 1 new stores where 4 were made"):
        checks.metrics(world)


@pytest.mark.parametrize(
    ("url", "address", "host"),
    [
        ("http://storeplane.localhost:8088", "http://127.0.0.1:8088", "storeplane.localhost:8088"),
        ("http://storeplane.localhost", "http://127.0.0.1:80", "storeplane.localhost"),
        ("http://localhost:8000", "http://localhost:8000", "localhost:8000"),
        ("https://shops.example.com", "https://shops.example.com", "shops.example.com"),
    ],
)
def test_a_name_below_localhost_is_this_machine(url: str, address: str, host: str) -> None:
    assert caller.reach(url) == (address, host)
