"""`python -m sandbox serve`: one process with the API, the controllers, the node and the network."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import resource
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from aiohttp import web

from sandbox.api.access.gate import AccessSettings
from sandbox.api.access.tokens import TokenFileError
from sandbox.api.registry import Registry
from sandbox.api.server import make_app
from sandbox.node.addresses import Block, NoAddressError, claim_block
from sandbox.node.images import ImageError
from sandbox.node.leftovers import end_leftovers
from sandbox.plane import LOCALHOST, Plane, PlaneSettings
from sandbox.settings import Settings, UsageError

log = logging.getLogger("sandbox")

OPEN_FILES = 65536
# Watches never end by themselves.
HANG_UP_SECONDS = 1.0


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; raises UsageError when it can't start."""
    _allow_many_files()
    told = _when_told()
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(_lock(settings.state))
        left = await asyncio.to_thread(end_leftovers, settings.state)
        if left:
            log.warning("ended %d processes that an earlier sandbox left behind", left)
        listener = stack.enter_context(_listener(settings.port))
        block = stack.enter_context(contextlib.closing(_block(settings.state)))
        path = settings.state / "objects.db"
        registry = stack.enter_context(contextlib.closing(Registry(path, service_cidr=block.service_cidr)))
        plane = await stack.enter_async_context(_running(registry, block, settings))
        await stack.enter_async_context(_api(registry, plane, listener, settings))
        url = f"http://{LOCALHOST}:{listener.getsockname()[1]}"
        write_kubeconfig(settings.kubeconfig or settings.state / "kubeconfig", url)
        print(f"sandbox ready on {url}", flush=True)
        await told.wait()
        log.info("stopping")


def write_kubeconfig(path: Path, url: str) -> None:
    """A kubeconfig with one context, readable by its owner only; JSON is YAML too."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "storeplane", "cluster": {"server": url}}],
        "contexts": [{"name": "storeplane", "context": {"cluster": "storeplane", "user": "storeplane"}}],
        "users": [{"name": "storeplane", "user": {}}],
        "current-context": "storeplane",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(content, indent=2) + "\n")
    fresh.rename(path)


@contextlib.contextmanager
def _lock(state: Path) -> Iterator[None]:
    """The state folder belongs to one sandbox at a time."""
    try:
        state.mkdir(parents=True, exist_ok=True)
        state.chmod(0o700)  # Secrets lie in it
        file = (state / "lock").open("a+")
    except OSError as error:
        raise UsageError(f"--state {state} can't be used: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise UsageError(f"A sandbox (process {holder}) is already running on {state}.") from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _listener(port: int) -> socket.socket:
    """The API's port, taken before anything else happens."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOCALHOST, port))
    except OSError as error:
        listener.close()
        raise UsageError(f"The API can't listen on {LOCALHOST}:{port}: {_why(error)}.") from error
    return listener


def _block(state: Path) -> Block:
    try:
        return claim_block(state)
    except NoAddressError as error:
        raise UsageError(f"There are {error}.") from error


@contextlib.asynccontextmanager
async def _running(registry: Registry, block: Block, settings: Settings) -> AsyncIterator[Plane]:
    try:
        plane = Plane(registry, block, _plane_settings(settings))
    except ImageError as error:
        raise UsageError(f"An image can't be used: {error}.") from error
    try:
        await plane.start(settings.ingress_port)
    except OSError as error:
        raise UsageError(f"The ingress can't listen on {LOCALHOST}:{settings.ingress_port}: {_why(error)}.") from error
    try:
        yield plane
    finally:
        await plane.stop()


def _plane_settings(settings: Settings) -> PlaneSettings:
    return PlaneSettings(
        state=settings.state,
        images=settings.images,
        variables=settings.variables,
        ingress_upstream=settings.ingress_upstream,
        ready_after_ms=settings.ready_after_ms if settings.runtime == "fake" else None,
    )


@contextlib.asynccontextmanager
async def _api(registry: Registry, plane: Plane, listener: socket.socket, settings: Settings) -> AsyncIterator[None]:
    access = AccessSettings(settings.strangers, settings.token_file, settings.audit_log)
    try:
        app = make_app(registry, plane.logs, access)
    except TokenFileError as error:
        raise UsageError(f"{error}.") from error
    except OSError as error:
        raise UsageError(f"--audit-log {settings.audit_log} can't be written: {_why(error)}.") from error
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=HANG_UP_SECONDS)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _when_told() -> asyncio.Event:
    """Set at SIGTERM or SIGINT. A second one ends the process at once; the supervisor then kills the pods."""
    told = asyncio.Event()

    def hear() -> None:
        if told.is_set():
            os._exit(1)
        told.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, hear)
    return told


def _allow_many_files() -> None:
    """Each Service has a listener and each container two pipes; the usual 1024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _why(error: OSError) -> str:
    text = os.strerror(error.errno) if error.errno else str(error)
    return text[:1].lower() + text[1:]
