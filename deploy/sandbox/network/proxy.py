"""The ingress: an HTTP proxy on one port that routes by host and path, and passes everything else through."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.network import pages
from sandbox.network.backends import Backends, Place
from sandbox.network.forwarder import Ends, splice
from sandbox.network.messages import (
    HEAD_BYTES,
    BadMessageError,
    Framing,
    Head,
    Reader,
    Writer,
    copy_body,
    framing_of,
    read_head,
    response_framing,
)
from sandbox.network.routes import RouteTable

log = logging.getLogger("sandbox.network")

CONNECT_SECONDS = 5.0
# How long a client may keep a connection without a request.
IDLE_SECONDS = 75.0
# A pod that is being stopped may close a connection unanswered; what changes nothing is asked again, of another pod.
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
TRIES = 4
RETRY_SECONDS = 0.1


class NoAnswerError(Exception):
    """A pod closed the connection before it answered."""


@dataclass(frozen=True)
class Request:
    """One request of a client."""

    head: Head
    method: str
    target: str
    host: str
    path: str
    framing: Framing
    wants_json: bool

    @property
    def repeatable(self) -> bool:
        """Whether asking again changes nothing."""
        return self.method in SAFE_METHODS and self.framing.length == 0 and not self.head.is_upgrade


class IngressProxy:
    """Serves clients; `upstream` gets the hosts that no Ingress names."""

    def __init__(self, routes: Callable[[], RouteTable], backends: Backends, upstream: Place | None = None) -> None:
        self._routes, self._backends, self._upstream = routes, backends, upstream
        self._clients: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._port = 0

    async def listen(self, host: str, port: int) -> int:
        """Listen; returns the port. Raises OSError."""
        self._server = await asyncio.start_server(self._client, host, port, limit=HEAD_BYTES)
        self._port = int(self._server.sockets[0].getsockname()[1])
        return self._port

    async def close(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            self._server.close()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _client(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)
        try:
            while await self._one_request(reader, writer):
                pass
        except BadMessageError as error:
            with contextlib.suppress(OSError):
                writer.write(pages.bad_request(str(error)))
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # the client went away, or the sandbox stops
        finally:
            writer.close()

    async def _one_request(self, reader: Reader, writer: Writer) -> bool:
        """Serve one request; True when the connection stays open for another."""
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                head = await read_head(reader)
        except TimeoutError:
            return False
        if head is None:
            return False
        request = parse(head)
        route = self._routes().find(request.host, request.path)
        if (route is None and self._upstream is None) or (route is None and self._routes().knows(request.host)):
            known = self._routes().knows(request.host)
            page = pages.no_route(request.host, request.path, as_json=request.wants_json)
            return await _say(writer, page if known else pages.unknown_host(request.host, as_json=request.wants_json))
        for attempt in range(TRIES):
            places = [self._upstream] if route is None and self._upstream else []
            if route is not None:
                port = self._backends.port_of(route.service, dict(route.port))
                places = self._backends.of(route.service, str(port.get("name", ""))) if port else []
            there = await _connect(places)
            if there is None:
                break
            try:
                return await self._exchange(request, (reader, writer), there)
            except NoAnswerError:
                if not request.repeatable or attempt == TRIES - 1:
                    return await _say(writer, pages.bad_gateway(request.host, as_json=request.wants_json))
                await asyncio.sleep(RETRY_SECONDS)
        return await _say(writer, pages.not_ready(request.host, as_json=request.wants_json))

    async def _exchange(self, request: Request, client: Ends, there: Ends) -> bool:
        """Pass the request on and the answer back."""
        upload: asyncio.Task[None] | None = None
        try:
            there[1].write(self._forwarded(request, client[1]).encode())
            if request.framing.length != 0:
                upload = asyncio.get_running_loop().create_task(copy_body(client[0], there[1], request.framing))
            answer = await _final_answer(there[0], client[1])
            if answer.start.split(" ", 2)[1] == "101":
                client[1].write(answer.encode())
                await splice(client, there)
                return False
            return await _pass_back(request, answer, client[1], there[0]) and (upload is None or upload.done())
        finally:
            if upload is not None:
                upload.cancel()
                await asyncio.gather(upload, return_exceptions=True)
            there[1].close()

    def _forwarded(self, request: Request, writer: Writer) -> Head:
        """The head as the pod gets it."""
        peer = str((writer.get_extra_info("peername") or ("",))[0])
        headers = [
            (name, value)
            for name, value in request.head.without_hop_by_hop()
            if not name.lower().startswith("x-forwarded-") and name.lower() not in {"forwarded", "x-real-ip"}
        ]
        headers += [
            ("X-Forwarded-For", peer),
            ("X-Forwarded-Host", request.head.get("host")),
            ("X-Forwarded-Port", str(self._port)),
            ("X-Forwarded-Proto", "http"),
            ("X-Real-IP", peer),
        ]
        if request.head.is_upgrade:
            headers += [("Connection", "Upgrade"), ("Upgrade", request.head.get("upgrade"))]
        else:
            headers.append(("Connection", "close"))
        return Head(f"{request.method} {request.target} HTTP/1.1", headers)


def parse(head: Head) -> Request:
    """Understand a request head; raises BadMessageError."""
    words = head.start.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):  # noqa: PLR2004 - method, target, version
        raise BadMessageError("the request line is malformed")
    method, target, version = words
    authority = head.get("host")
    if "://" in target.partition("?")[0]:  # the absolute form, which proxies are sent
        parts = urlsplit(target)
        authority, target = parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if version == "HTTP/1.1" and not head.get("host"):
        raise BadMessageError("the Host header is missing")
    wants_json = "json" in head.get("accept") and "html" not in head.get("accept")
    framing = framing_of(head) or Framing(0)
    return Request(head, method, target, _name(authority), target.partition("?")[0], framing, wants_json)


def _name(authority: str) -> str:
    """The host of `host:port`, in lower case."""
    try:
        return (urlsplit(f"//{authority}").hostname or "").rstrip(".")
    except ValueError as error:
        raise BadMessageError("the Host header is malformed") from error


async def _connect(places: list[Place]) -> Ends | None:
    """A connection to the first place that takes one."""
    for host, port in places:
        with contextlib.suppress(OSError):
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(host, port, limit=HEAD_BYTES)
    return None


async def _final_answer(reader: Reader, writer: Writer) -> Head:
    """The head of the answer, after passing on interim ones such as 100 Continue."""
    while True:
        try:
            answer = await read_head(reader)
        except OSError as error:
            raise NoAnswerError from error
        if answer is None:
            raise NoAnswerError
        status = answer.start.partition(" ")[2][:3]
        if not status.startswith("1") or status == "101":
            return answer
        writer.write(answer.encode())


async def _pass_back(request: Request, answer: Head, writer: Writer, reader: Reader) -> bool:
    """Send the answer on; True when the client's connection may stay."""
    framing = response_framing(answer, request.method)
    old = request.head.start.endswith("HTTP/1.0")
    until_end = framing.length is None and not framing.chunked
    stays = not until_end and not old and "close" not in request.head.tokens("connection")
    headers = [*answer.without_hop_by_hop(), ("Connection", "keep-alive" if stays else "close")]
    writer.write(Head(f"HTTP/1.1 {answer.start.partition(' ')[2]}", headers).encode())
    await copy_body(reader, writer, framing)
    await writer.drain()
    return stays


async def _say(writer: Writer, page: bytes) -> bool:
    """Answer ourselves; the connection ends, since a body may still be on its way."""
    writer.write(page)
    await writer.drain()
    return False
