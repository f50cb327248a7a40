"""The supervisor of pod processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.node.processes import Exit, Processes, StartError


@pytest_asyncio.fixture
async def processes() -> AsyncIterator[Processes]:
    found = Processes()
    found.open()
    yield found
    await found.close()


def ignore(_: str, __: bytes) -> None:
    """Output that nobody wants."""


async def test_output_is_complete_when_the_end_is_told(processes: Processes) -> None:
    heard: dict[str, bytes] = {"stdout": b"", "stderr": b""}

    def hear(stream: str, content: bytes) -> None:
        heard[stream] += content

    script = "import sys; sys.stdout.write('x' * 300000); sys.stderr.write('y'); sys.exit(5)"
    process = await processes.start([sys.executable, "-c", script], {}, "/", hear)
    assert await process.ended == Exit(5, 0)
    assert heard == {"stdout": b"x" * 300_000, "stderr": b"y"}


async def test_a_signal_reaches_the_whole_group_and_is_told_as_128_plus_n(processes: Processes) -> None:
    process = await processes.start(["/bin/sh", "-c", "sleep 600 & wait"], {}, "/", ignore)
    assert await processes.stop(process, signal.SIGTERM, 10) == Exit(128 + 15, 15)


async def test_what_ignores_the_signal_is_killed_after_the_grace_period(processes: Processes) -> None:
    script = "trap '' TERM; echo up; while true; do sleep 600; done"
    up = asyncio.Event()
    process = await processes.start(["/bin/sh", "-c", script], {}, "/", lambda _, content: up.set())
    await up.wait()  # the trap is set before the word is said
    assert await processes.stop(process, signal.SIGTERM, 0.2) == Exit(128 + 9, 9)


async def test_a_missing_program_is_a_start_error(processes: Processes) -> None:
    with pytest.raises(StartError, match="No such file or directory: '/nothing'"):
        await processes.start(["/nothing"], {}, "/", ignore)


async def test_a_child_has_only_the_environment_it_was_given(processes: Processes) -> None:
    heard = bytearray()
    process = await processes.start(["/usr/bin/env"], {"A": "b"}, "/", lambda _, content: heard.extend(content))
    await process.ended
    assert heard == b"A=b\n"


async def test_a_dead_supervisor_takes_its_children_along_and_is_replaced(processes: Processes) -> None:
    process = await processes.start(["/bin/sh", "-c", "sleep 600"], {}, "/", ignore)
    os.kill(processes.supervisor_pid, signal.SIGKILL)
    assert await process.ended == Exit(128 + 9, 9)
    again = await processes.start(["/bin/sh", "-c", "exit 2"], {}, "/", ignore)
    assert await again.ended == Exit(2, 0)
