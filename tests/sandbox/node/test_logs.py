"""Container logs."""

from __future__ import annotations

import asyncio
import contextlib
import re
from pathlib import Path

import pytest

from sandbox.api.errors import ApiError
from sandbox.api.options import LogOptions
from sandbox.node import logs
from sandbox.node.logs import LogFile, LogQuery
from tests.sandbox.world import NAMESPACE, World, pod


async def text(world: World, name: str = "web", **options: object) -> str:
    chunks = world.plane.logs(NAMESPACE, name, "web", LogOptions(**options))  # type: ignore[arg-type]
    return b"".join([chunk async for chunk in chunks]).decode()


async def test_logs_are_those_of_the_container(world: World) -> None:
    world.create(pod())
    await world.ready_pod("web")
    assert sorted((await text(world)).splitlines()) == ["a word on stderr", "started web"]
    stamped = await text(world, timestamps=True, tail_lines=1)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z .*\n", stamped)


async def test_a_follower_hears_the_end(world: World) -> None:
    world.create(pod())
    await world.ready_pod("web")
    following = asyncio.create_task(text(world, follow=True))
    world.delete("Pod", "web")
    heard = await asyncio.wait_for(following, 60)
    assert heard.splitlines()[-1] == "stopped"


async def test_the_log_of_the_run_before_a_restart_is_kept(world: World) -> None:
    world.create(pod())
    web = await world.ready_pod("web")
    with contextlib.suppress(Exception):
        await world.ask(web, "/exit?4")
    await world.until(
        lambda: (p := world.get("Pod", "web") or {}) and p["status"]["containerStatuses"][0]["restartCount"] == 1
    )
    assert "started web" in await text(world, previous=True)


async def test_a_pod_that_waits_has_no_log(world: World) -> None:
    world.create(pod(image="test/missing"))
    await world.until(lambda: (world.get("Pod", "web") or {}).get("status", {}).get("containerStatuses"))
    with pytest.raises(ApiError, match="is waiting to start"):
        await text(world)
    with pytest.raises(ApiError, match="previous terminated container"):
        await text(world, previous=True)


async def lines(path: Path, **query: object) -> list[bytes]:
    return [line async for line in logs.read(path, LogQuery(**query), None)]  # type: ignore[arg-type]


async def test_long_lines_come_out_whole_and_rotation_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ROTATE_BYTES", 50_000)
    file = LogFile(tmp_path / "0.log")
    file.write("stdout", b"x" * 40_000 + b"\nsecond\nhal")
    file.write("stdout", b"f\n")
    file.write("stdout", b"y" * 20_000 + b"\n")
    file.write("stderr", b"last")
    file.close()
    found = b"".join(await lines(file.path)).split(b"\n")
    assert [len(found[0]), found[1], found[2], len(found[3]), found[4]] == [40_000, b"second", b"half", 20_000, b"last"]
    assert await lines(file.path, tail_lines=1) == [b"last\n"]
    assert b"".join(await lines(file.path, limit_bytes=10)) == b"x" * 10
