"""What runs beside a container: exec probes and lifecycle hooks."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping

from sandbox.controllers.objects import Obj
from sandbox.node import probes
from sandbox.node.processes import Processes, StartError

_OUTPUT_BYTES = 10 * 1024
NOT_FOUND_CODE = 126


async def run_command(
    processes: Processes, argv: list[str], env: Mapping[str, str], cwd: str, seconds: float
) -> tuple[int, str]:
    """Run to the end; returns exit code and the first 10 KiB of output.

    Raises TimeoutError when it takes more than `seconds`, after killing it.
    """
    output = bytearray()

    def keep(_: str, content: bytes) -> None:
        output.extend(content[: _OUTPUT_BYTES - len(output)])

    try:
        process = await processes.start(argv, env, cwd, keep)
    except StartError as error:
        return NOT_FOUND_CODE, str(error)
    try:
        async with asyncio.timeout(seconds):
            ended = await asyncio.shield(process.ended)
    finally:
        if not process.ended.done():
            processes.signal(process, signal.SIGKILL)
    return ended.code, output.decode(errors="replace")


async def run_hook(action: Obj, target: probes.Target, grace_seconds: float) -> str:
    """A postStart or preStop action; returns what went wrong, empty when nothing did."""
    if action.get("sleep"):
        await asyncio.sleep(min(float(action["sleep"]["seconds"]), grace_seconds))
        return ""
    good, words = await probes.check({**action, "timeoutSeconds": max(0.1, grace_seconds)}, target)
    return "" if good else words or "hook failed"
