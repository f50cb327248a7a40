"""Probes as a kubelet makes them: one check, and the counting of successes and failures."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.controllers.objects import Obj

# What one check found: whether it was good, and the kubelet's words if not.
Result = tuple[bool, str]
# (argv, timeout in seconds) → exit code and output; TimeoutError when it took too long.
Exec = Callable[[list[str], float], Awaitable[tuple[int, str]]]

_OUTPUT_BYTES = 10 * 1024
_GOOD_STATUS = range(200, 400)


@dataclass(frozen=True)
class Target:
    """The container that is probed."""

    address: str
    ports: dict[str, int]
    run: Exec

    def port(self, port: int | str) -> int:
        """A port by number or by the name it has in the container."""
        return port if isinstance(port, int) else self.ports.get(port, 0)


# Time limits here and elsewhere are set by asyncio.timeout: until Python 3.12, wait_for may swallow a cancellation that
# comes together with the result, and a probe that wasn't cancelled would hold up the end of its container.


async def check(probe: Obj, target: Target) -> Result:
    """One try, within timeoutSeconds."""
    timeout = float(probe.get("timeoutSeconds") or 1)
    if probe.get("exec"):
        return await _exec(probe["exec"], target, timeout)
    if probe.get("httpGet"):
        return await _http(probe["httpGet"], target, timeout)
    if probe.get("tcpSocket"):
        return await _tcp(probe["tcpSocket"], target, timeout)
    return False, "probes of this type are not supported by the sandbox"


async def _exec(action: Obj, target: Target, seconds: float) -> Result:
    try:
        code, output = await target.run(list(action["command"]), seconds)
    except TimeoutError:
        return False, f'command timed out: "{" ".join(action["command"])}" timed out after {seconds:g}s'
    return code == 0, output.strip()


async def _tcp(action: Obj, target: Target, seconds: float) -> Result:
    host, port = action.get("host") or target.address, target.port(action["port"])
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return False, f"dial tcp {host}:{port}: i/o timeout"
    except OSError as error:
        return False, f"dial tcp {host}:{port}: connect: {_reason(error)}"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True, ""


async def _http(action: Obj, target: Target, seconds: float) -> Result:
    host, port = action.get("host") or target.address, target.port(action["port"])
    scheme, path = str(action.get("scheme") or "HTTP").lower(), str(action.get("path") or "/")
    url = f"{scheme}://{host}:{port}{path}"
    try:
        async with asyncio.timeout(seconds):
            status, body = await _get(action, host, port, path, scheme)
    except TimeoutError:
        words = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        return False, f'Get "{url}": {words}'
    except OSError as error:
        return False, f'Get "{url}": dial tcp {host}:{port}: connect: {_reason(error)}'
    except (ValueError, EOFError):
        return False, f'Get "{url}": EOF'
    if status in _GOOD_STATUS:
        return True, body
    return False, f"HTTP probe failed with statuscode: {status}"


async def _get(action: Obj, host: str, port: int, path: str, scheme: str) -> tuple[int, str]:
    """The status of a GET; the connection is closed without reading the body."""
    context = None
    if scheme == "https":
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        headers = {"Host": f"{host}:{port}", "User-Agent": "kube-probe/1.36", "Accept": "*/*"}
        headers |= {entry["name"]: entry["value"] for entry in action.get("httpHeaders") or ()}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"GET {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
        line = await reader.readline()
        if not line.startswith(b"HTTP/"):
            raise EOFError
        return int(line.split()[1]), ""
    finally:
        writer.close()


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    if isinstance(error, ConnectionRefusedError):
        text = "connection refused"
    return text.lower()


async def follow(probe: Obj, target: Target, tell: Callable[[bool, str, bool], bool]) -> None:
    """Check for ever, every periodSeconds.

    `tell(good, words, settled)` hears of every failure and of every change; `settled` says that the threshold is
    reached. It answers True to end.
    """
    period = float(probe.get("periodSeconds") or 10)
    needed = {True: int(probe.get("successThreshold") or 1), False: int(probe.get("failureThreshold") or 3)}
    loop = asyncio.get_running_loop()
    await asyncio.sleep(float(probe.get("initialDelaySeconds") or 0))
    last: bool | None = None
    row = 0
    settled: bool | None = None
    while True:
        begun = loop.time()
        good, words = await check(probe, target)
        row = row + 1 if good == last else 1
        last = good
        reached = row >= needed[good]
        if (not good or (reached and settled is not good)) and tell(good, words, reached):
            return
        if reached:
            settled = good
        await asyncio.sleep(max(0.0, begun + period - loop.time()))
