"""Service addresses, and the names that pods know them by."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import httpx
import pytest

from tests.sandbox.world import World, pod, service


def address_of(world: World, name: str = "web") -> str:
    found: str = (world.get("Service", name) or {})["spec"]["clusterIP"]
    return found


async def test_a_service_address_leads_to_a_ready_pod_while_the_service_exists(world: World) -> None:
    world.create(service())
    world.create(pod())
    await world.ready_pod("web")
    await world.until(lambda: world.plane.backends.of(("shop", "web"), "http"))
    url = f"http://{address_of(world)}:8000/x"
    async with httpx.AsyncClient() as client:
        assert (await client.get(url)).text == "web /x"
    address = address_of(world)
    world.delete("Service", "web")

    await world.until(lambda: world.plane.forwarder and not world.plane.forwarder.listens(("shop", "web")))
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(address, 8000)


async def test_half_a_connection_may_close_first(world: World) -> None:
    """A client that has said all still hears the answer, as `nc -N` needs it."""
    world.create(service("echo", port=7000, selector={"app": "web"}, ports=[{"port": 7000}]))
    world.create(pod())
    web = await world.ready_pod("web")

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await reader.read()
        writer.write(said.upper())
        writer.close()

    async with await asyncio.start_server(echo, web["status"]["podIP"], 7000):
        await world.until(lambda: world.plane.backends.of(("shop", "echo"), ""))
        reader, writer = await asyncio.open_connection(address_of(world, "echo"), 7000)
        writer.write(b"hello")
        writer.write_eof()
        assert await reader.read() == b"HELLO"
        writer.close()


async def test_a_service_without_ready_pods_refuses(world: World) -> None:
    world.create(service())
    await world.until(lambda: world.plane.forwarder and world.plane.forwarder.listens(("shop", "web")))
    reader, _ = await asyncio.open_connection(address_of(world), 8000)
    with pytest.raises(ConnectionResetError):
        assert await reader.read() == b"never"


async def test_node_resolves_the_names_of_services(world: World) -> None:
    node = shutil.which("node") or world.plane.settings.variables["node"]
    world.create(service("postgres", port=5432))
    world.create(pod())
    await world.ready_pod("web")
    hosts = world.state / "run" / "hosts"
    await world.until(lambda: hosts.exists() and "postgres.shop" in hosts.read_text())
    preload = Path(__file__).parents[3] / "deploy" / "sandbox" / "node" / "preload.cjs"
    script = """
        import dns, {lookup, promises} from 'node:dns';
        const found = [];
        for (const name of ['postgres', 'postgres.shop', 'postgres.shop.svc', 'postgres.shop.svc.cluster.local'])
          found.push((await promises.lookup(name)).address);
        found.push(await new Promise((ok) => lookup('POSTGRES', (_, address) => ok(address))));
        found.push((await promises.lookup('postgres', {all: true}))[0].address);
        found.push((await promises.lookup('localhost', {family: 4})).address);
        found.push(await promises.lookup('web2.elsewhere').catch((error) => error.code));
        console.log(JSON.stringify(found));
    """
    env = {"NODE_OPTIONS": f"--require {preload}", "STOREPLANE_SANDBOX_HOSTS": str(hosts)}
    process = await asyncio.create_subprocess_exec(
        node,
        "--input-type=module",
        "-e",
        script,
        env={**env, "STOREPLANE_SANDBOX_NAMESPACE": "shop"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    *names, missing = json.loads(output)
    assert names == [address_of(world, "postgres")] * 6 + ["127.0.0.1"]
    assert missing in {"ENOTFOUND", "EAI_AGAIN"}
