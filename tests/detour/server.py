"""A small HTTP proxy on this machine in place of an ingress controller, for a cluster whose own can't be reached.

It routes as the stores' Ingresses say and goes to ready pods by `kubectl port-forward`. All of it runs in one thread,
whose end is the end of every process that it started.
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from tests.detour.endpoints import Endpoints
from tests.detour.forwards import ForwardError, Forwards
from tests.detour.sight import Sight, SightError

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# As controllers do: what changes nothing is asked again when a pod went away before it answered.
REPEATABLE = {"GET", "HEAD", "OPTIONS"}
TRIES, RETRY_SECONDS = 4, 0.2
TIDY_SECONDS = 2.0
_SECONDS = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)
_HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade",
}  # fmt: skip
# What aiohttp would add by itself, and the client hasn't sent.
_NOT_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Detour:
    """The proxy, from `start` to `close`."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="detour", daemon=True)
        self._listens = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self.place = ""

    def start(self) -> str:
        """Its host and port."""
        self._thread.start()
        assert self._listens.wait(30), "the detour did not start"
        return self.place

    def close(self) -> None:
        """Ends the thread and all processes."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(30)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with _opened() as proxy:
            runner = web.ServerRunner(web.Server(proxy.serve), shutdown_timeout=2)
            await runner.setup()
            await web.TCPSite(runner, LOOPBACK, 0).start()
            self.place = f"{LOOPBACK}:{runner.addresses[0][1]}"
            self._listens.set()
            tidying = asyncio.create_task(proxy.tidy())
            await self._stop.wait()
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)
            await runner.cleanup()


@asynccontextmanager
async def _opened() -> AsyncIterator[Proxy]:
    # A connection for each request: one that is kept would hold on to a pod that is to go.
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(connector=connector, cookie_jar=jar, auto_decompress=False) as session:
        forwards = Forwards()
        try:
            yield Proxy(session, Sight(), forwards)
        finally:
            await forwards.keep(lambda _: False)


class NoAnswerError(Exception):
    """The pod went away before it answered."""


class Proxy:
    """What happens to one request."""

    def __init__(self, session: aiohttp.ClientSession, sight: Sight, forwards: Forwards) -> None:
        self._session, self._sight, self._forwards = session, sight, forwards
        self._complaint = ""

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """The pod's answer, or a 502, 503 or 404 of our own."""
        host = request.host.partition(":")[0].lower()
        for _ in range(TRIES if request.method in REPEATABLE and not request.body_exists else 1):
            try:
                endpoints = await self._sight.endpoints()
                if not endpoints.behind(host, request.path):
                    return _nobody(endpoints, host)
                return await self._one_try(request, endpoints, host)
            except (NoAnswerError, ForwardError, SightError) as error:
                self._complain(error)
            await asyncio.sleep(RETRY_SECONDS)
        return web.Response(status=502, text=f"The detour got no answer for {host}. {self._complaint}\n")

    def _complain(self, error: Exception) -> None:
        """Once for each kind: a test that waits asks again and again, and its log should say why it waits."""
        complaint = f"{type(error).__name__}: {error}"
        if complaint != self._complaint:
            log.warning(complaint)
        self._complaint = complaint

    async def _one_try(self, request: web.BaseRequest, endpoints: Endpoints, host: str) -> web.StreamResponse:
        endpoint = random.choice(endpoints.behind(host, request.path))  # noqa: S311 - as good as any other
        port = await self._forwards.port_to(endpoint)
        try:
            return await self._exchange(request, port)
        except NoAnswerError:
            await self._forwards.end(endpoint)
            raise

    async def _exchange(self, request: web.BaseRequest, port: int) -> web.StreamResponse:
        """Raises NoAnswerError as long as the client has seen nothing of an answer."""
        url = URL(f"http://{LOOPBACK}:{port}{request.raw_path}", encoded=True)
        asking = self._session.request(
            request.method, url, headers=_forwarded(request), data=request.content if request.body_exists else None,
            allow_redirects=False, skip_auto_headers=_NOT_ADDED, timeout=_SECONDS,
        )  # fmt: skip
        try:
            answer = await asking
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise NoAnswerError(repr(error)) from error
        async with answer:
            passed = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_end_to_end(answer.headers))
            await passed.prepare(request)
            async for piece in answer.content.iter_any():
                await passed.write(piece)
            await passed.write_eof()
            return passed

    async def tidy(self) -> None:
        """End the processes of pods that are gone, also when nobody asks for a store any more."""
        while True:
            await asyncio.sleep(TIDY_SECONDS)
            if len(self._forwards):
                try:
                    await self._forwards.keep((await self._sight.endpoints()).has)
                except SightError:
                    continue  # the cluster may answer the next time


def _nobody(endpoints: Endpoints, host: str) -> web.Response:
    if endpoints.knows(host):
        return web.Response(status=503, text=f"No pod of {host} is ready for this path.\n")
    return web.Response(status=404, text=f"No Ingress of a store names {host}.\n")


def _end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """All but those of one connection."""
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP)


def _forwarded(request: web.BaseRequest) -> CIMultiDict[str]:
    """As the pod gets them: the client's own, Host and cookies among them, and who asked for what:
    a controller believes no client's word for that."""
    sent = _end_to_end(request.headers)
    peer = request.remote or LOOPBACK
    ours = {"X-Forwarded-For": peer, "X-Forwarded-Host": request.host, "X-Forwarded-Proto": "http", "X-Real-IP": peer}
    sent.update(ours)
    return sent
