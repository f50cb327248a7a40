"""The work queue's back-off: it grows to its bound and stays there, however often a key fails."""

import asyncio

from sandbox.controllers.queue import LAST_RETRY_SECONDS, WorkQueue


async def test_the_delay_doubles_up_to_its_bound_and_never_breaks() -> None:
    queue = WorkQueue()
    key = ("shop", "backend")
    try:
        delays = [queue.retry(key) for _ in range(2000)]
        assert delays[:4] == [0.05, 0.1, 0.2, 0.4]
        assert set(delays[11:]) == {LAST_RETRY_SECONDS}
        queue.succeeded(key)
        assert queue.retry(key) == 0.05
    finally:
        queue.close()
    await asyncio.sleep(0)
