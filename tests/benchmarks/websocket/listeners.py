"""Many WebSocket clients in a process of their own: `python -m … URL FIRST COUNT RESULT`.

They come back as docs/api.md asks: with the `last_event_id` of the last `replayed` or `ping`, dropping events that an
earlier connection brought. It says `ready` once all are greeted. A line `WANTED SECONDS` on standard input bids it wait
until all together have so many events, at most for so long, and write to RESULT, as JSON, for each client: `got`, the
`[event id, CLOCK_MONOTONIC seconds]` of what it took; `doubled`, how many events came twice on one connection;
`dropped`, how many came again on a later one; `connections`.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

CONNECTING_AT_ONCE = 20
_EVENT = '{"type": "event"'


class Listener:
    """One client, which comes back with `since` when its connection breaks."""

    def __init__(self, url: str, number: int) -> None:
        self.url = url
        self.user = f"listener-{number}"
        self.got: dict[int, float] = {}
        self.doubled = self.dropped = self.connections = 0
        self.greeted = asyncio.Event()
        self.confirmed = 0

    async def run(self, door: asyncio.Semaphore) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen(door)
            except (OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, TimeoutError):
                await asyncio.sleep(0.1)

    def report(self) -> dict[str, Any]:
        """What the benchmark reads."""
        counts = {"doubled": self.doubled, "dropped": self.dropped, "connections": self.connections}
        return {"got": list(self.got.items()), **counts}

    async def _listen(self, door: asyncio.Semaphore) -> None:
        url = f"{self.url}?since={self.confirmed}" if self.connections else self.url
        before = set(self.got)
        async with door:
            socket = await connect(url, additional_headers={"X-User-Id": self.user}, open_timeout=60, max_queue=None)
        self.connections += 1
        async for text in socket:
            assert isinstance(text, str)
            if text.startswith(_EVENT):
                self._take(json.loads(text)["event"]["id"], before)
            elif text.startswith(('{"type": "replayed"', '{"type": "ping"')):
                self.confirmed = json.loads(text).get("last_event_id", 0)
                self.greeted.set()

    def _take(self, event_id: int, before: set[int]) -> None:
        if event_id in before:
            self.dropped += 1
        elif event_id in self.got:
            self.doubled += 1
        else:
            self.got[event_id] = time.monotonic()


async def main(url: str, first: int, count: int) -> list[dict[str, Any]]:
    """Run the clients until they have what standard input says; their reports."""
    listeners = [Listener(url, first + number) for number in range(count)]
    door = asyncio.Semaphore(CONNECTING_AT_ONCE)
    tasks = [asyncio.create_task(listener.run(door)) for listener in listeners]
    for listener in listeners:
        await listener.greeted.wait()
    print("ready", flush=True)
    wanted, seconds = (await asyncio.to_thread(sys.stdin.readline)).split()
    try:
        async with asyncio.timeout(float(seconds)):
            while sum(len(listener.got) for listener in listeners) < int(wanted):  # noqa: ASYNC110 - a poll is lighter
                await asyncio.sleep(0.2)
    except TimeoutError:
        pass
    for task in tasks:
        task.cancel()
    return [listener.report() for listener in listeners]


if __name__ == "__main__":
    reports = asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
    Path(sys.argv[4]).write_text(json.dumps(reports))
