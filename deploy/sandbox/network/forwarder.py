"""Service addresses: a TCP listener on each ClusterIP and port that passes connections on to ready pods."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Coroutine
from typing import ClassVar

from sandbox.controllers.cluster import Cluster
from sandbox.controllers.controller import Controller
from sandbox.controllers.objects import Key, Obj, is_deleting
from sandbox.network.backends import Backends

log = logging.getLogger("sandbox.network")

CONNECT_SECONDS = 5.0
CHUNK_BYTES = 65536

# (address, port name, port) of one listener.
Listener = tuple[str, int]


class Forwarder(Controller):
    """Keeps one listener for each TCP port of each Service, as long as the Service exists."""

    name: ClassVar[str] = "service-proxy"

    def __init__(self, cluster: Cluster, backends: Backends) -> None:
        super().__init__(cluster)
        self.backends = backends
        self.services = self.watch(cluster.cache("services"))
        self._open: dict[Key, dict[Listener, asyncio.Server]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def reconcile(self, key: Key) -> float | None:
        """One pass over a Service: open what is missing, close what is too much."""
        service = self.services.get(key)
        wanted = _listeners(service) if service is not None and not is_deleting(service) else {}
        known = self._open.setdefault(key, {})
        for place in [place for place in known if place not in wanted]:
            known.pop(place).close()
        for place, port in wanted.items():
            if place not in known:
                self._start(self._listen(key, place, port))
        if not wanted:
            self._open.pop(key, None)
        return None

    def listens(self, service: Key) -> bool:
        """Whether a port of this Service is open."""
        return bool(self._open.get(service))

    async def close(self) -> None:
        """Close all listeners and connections."""
        for servers in self._open.values():
            for server in servers.values():
                server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _listen(self, key: Key, place: Listener, port: Obj) -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._forward(key, port, reader, writer)

        try:
            server = await asyncio.start_server(connected, place[0], place[1])
        except OSError as error:
            service = self.services.get(key)
            if service is not None:
                words = f"the sandbox can't listen on {place[0]}:{place[1]}: {error.strerror or error}"
                self.recorder.warning(service, "FailedToListen", words)
            return
        if key in self._open and place not in self._open[key]:
            self._open[key][place] = server
        else:
            server.close()

    async def _forward(self, key: Key, port: Obj, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: to one ready pod, trying the others when it refuses."""
        for host, number in self.backends.of(key, str(port.get("name", ""))):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    there = await asyncio.open_connection(host, number)
            except OSError:
                continue
            await splice((reader, writer), there)
            return
        reset(writer)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _listeners(service: Obj) -> dict[Listener, Obj]:
    address = service["spec"].get("clusterIP")
    if not address or address == "None" or service["spec"].get("type") == "ExternalName":
        return {}
    ports = service["spec"].get("ports") or ()
    return {(address, int(port["port"])): port for port in ports if port.get("protocol", "TCP") == "TCP"}


Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection by RST, as near as one gets to the refusal of a cluster's kube-proxy when nothing is ready."""
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def splice(one: Ends, other: Ends) -> None:
    """Pass bytes both ways until both sides are done; the end of one direction is passed on as such."""
    try:
        await asyncio.gather(_pump(one[0], other[1]), _pump(other[0], one[1]))
    except OSError:
        for _, writer in (one, other):
            writer.transport.abort()
    finally:
        for _, writer in (one, other):
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    if writer.can_write_eof():
        with contextlib.suppress(OSError):
            writer.write_eof()
