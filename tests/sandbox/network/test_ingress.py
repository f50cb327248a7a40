"""The ingress in front of real pods."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import httpx

from tests.sandbox.world import World, deployment, ingress, is_ready, pod, service


async def published(world: World) -> None:
    """A ready pod behind a Service and an Ingress."""
    world.create(service())
    world.create(ingress())
    world.create(pod())
    await world.ready_pod("web")
    await world.until(lambda: world.plane.backends.of(("shop", "web"), "http"))


async def test_a_host_reaches_its_pod_with_forwarded_headers(world: World) -> None:
    await published(world)
    answer = await world.fetch("/headers?x=1", **{"X-Forwarded-For": "9.9.9.9", "X-Other": "kept"})
    found = answer.json()
    assert found["host"] == "shop.localhost"
    assert found["x-forwarded-for"] == "127.0.0.1"
    assert found["x-forwarded-host"] == "shop.localhost"
    assert found["x-forwarded-proto"] == "http"
    assert found["x-forwarded-port"] == str(world.ingress_port)
    assert found["x-other"] == "kept"
    assert (
        await world.fetch("/a%20b?q=%C3%A4", host=f"SHOP.localhost:{world.ingress_port}")
    ).text == "web /a%20b?q=%C3%A4"
    status = (world.get("Ingress", "web-shop") or {})["status"]
    assert status == {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}


async def test_bodies_pass_in_both_framings_and_connections_are_kept(world: World) -> None:
    await published(world)
    body = os.urandom(300_000)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 70_000):
            yield body[start : start + 70_000]

    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.ingress_port}", timeout=60) as client:
        headers = {"Host": "shop.localhost"}
        assert (await client.post("/", content=body, headers=headers)).content == body
        assert (await client.post("/", content=pieces(), headers=headers)).content == body
        assert (await client.get("/x", headers=headers)).text == "web /x"
        assert (await client.head("/x", headers=headers)).status_code == 501  # the test server knows no HEAD


async def test_an_unknown_host_gets_a_friendly_404(world: World) -> None:
    answer = await world.fetch("/", host="nobody.localhost", Accept="text/html")
    assert answer.status_code == 404
    assert "Nothing is published under nobody.localhost" in answer.text
    assert (await world.fetch("/", host="nobody.localhost", Accept="application/json")).json()["status"] == 404


async def test_no_ready_pod_is_a_503_that_says_when_to_come_back(world: World) -> None:
    world.create(service())
    world.create(ingress())
    await world.until(lambda: world.get("Ingress", "web-shop"))
    answer = await world.fetch("/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


async def test_a_rolling_restart_drops_no_request(world: World) -> None:
    world.create(service())
    world.create(ingress())
    world.create(deployment())
    first = await world.ready_pod("web")
    await world.until(lambda: world.plane.backends.of(("shop", "web"), "http"))
    statuses: list[int] = []
    names: set[str] = set()

    async def visitor(path: str) -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.ingress_port}", timeout=60) as client:
            while not done.is_set():
                answer = await client.get(path, headers={"Host": "shop.localhost"})
                statuses.append(answer.status_code)
                names.add(answer.text.split()[0])
                await asyncio.sleep(0.01)

    done = asyncio.Event()
    visitors = [asyncio.create_task(visitor(path)) for path in ("/a", "/b", "/slow")]
    world.merge("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}})
    second = await world.ready_pod("web", unlike=first["metadata"]["uid"])
    await world.until(lambda: len(world.pods()) == 1)
    count = len(statuses)
    await world.until(lambda: len(statuses) > count + 5)
    done.set()
    await asyncio.gather(*visitors)

    assert set(statuses) == {200}
    assert names == {first["metadata"]["name"], second["metadata"]["name"]}


async def test_an_upgraded_connection_is_passed_through(world: World) -> None:
    """As a WebSocket: after 101 the bytes are nobody's business."""
    await published(world)
    served = asyncio.Event()

    async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert "upgrade: websocket" in head
        assert "connection: upgrade" in head
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
        writer.write((await reader.readexactly(4))[::-1])
        await reader.read()
        writer.close()
        served.set()

    web = world.get("Pod", "web") or {}
    server = await asyncio.start_server(upgrade, web["status"]["podIP"], 8090)
    async with server:
        world.create(service("socket", port=8090, selector={"app": "web"}, ports=[{"port": 8090}]))
        world.create(ingress("socket.localhost", "socket", 8090))
        await world.until(lambda: world.plane.backends.of(("shop", "socket"), ""))
        reader, writer = await asyncio.open_connection("127.0.0.1", world.ingress_port)
        writer.write(b"GET /ws HTTP/1.1\r\nHost: socket.localhost\r\n")
        writer.write(b"Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n")
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 101 ")
        assert await reader.readexactly(5) == b"hello"
        writer.write(b"abcd")
        assert await reader.readexactly(4) == b"dcba"
        writer.close()
        await asyncio.wait_for(served.wait(), 10)


async def test_what_could_be_read_in_two_ways_is_refused(world: World) -> None:
    await published(world)
    for headers in ("Content-Length: 3\r\nTransfer-Encoding: chunked", "Content-Length: 3\r\nContent-Length: 4"):
        reader, writer = await asyncio.open_connection("127.0.0.1", world.ingress_port)
        writer.write(f"POST / HTTP/1.1\r\nHost: shop.localhost\r\n{headers}\r\n\r\nabc".encode())
        assert (await reader.readline()) == b"HTTP/1.1 400 Bad Request\r\n"
        writer.close()


async def test_the_pod_that_is_not_ready_is_not_asked(world: World) -> None:
    world.create(service())
    world.create(ingress())
    world.create(deployment(replicas=2))
    await world.until(lambda: len([p for p in world.pods() if is_ready(p)]) == 2)
    one, two = world.pods()
    await world.ask(one, "/unready")
    await world.until(lambda: len(world.plane.backends.of(("shop", "web"), "http")) == 1)
    names = {(await world.fetch("/")).text.split()[0] for _ in range(6)}
    assert names == {two["metadata"]["name"]}
