"""A work queue in the manner of client-go: no key twice, none while it is worked on, delays and back-off."""

from __future__ import annotations

import asyncio
from collections import deque

from sandbox.controllers.objects import Key

FIRST_RETRY_SECONDS = 0.05
LAST_RETRY_SECONDS = 60.0
MOST_DOUBLINGS = 16


class WorkQueue:
    """Keys to reconcile. `get` hands out one key, `done` gives it back."""

    def __init__(self) -> None:
        self._ready: deque[Key] = deque()
        self._waiting: set[Key] = set()
        self._busy: set[Key] = set()
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()

    def add(self, key: Key) -> None:
        """Ask for a pass over `key`; once is enough however often it is asked."""
        if key in self._busy:
            self._again.add(key)
        elif key not in self._waiting:
            self._waiting.add(key)
            self._ready.append(key)
            self._wake.set()

    def add_after(self, key: Key, seconds: float) -> None:
        """Ask for a pass in `seconds`; the earliest of several wishes counts."""
        loop = asyncio.get_running_loop()
        timer = self._timers.get(key)
        if timer is not None:
            if timer.when() <= loop.time() + seconds:
                return
            timer.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def retry(self, key: Key) -> float:
        """Ask again after a failure, with back-off; returns the seconds of the delay."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        # A bounded exponent: after a thousand failures the power would be too large for a float.
        delay: float = min(FIRST_RETRY_SECONDS * 2.0 ** min(failures, MOST_DOUBLINGS), LAST_RETRY_SECONDS)
        self.add_after(key, delay)
        return delay

    def succeeded(self, key: Key) -> None:
        """Forget the failures of `key`."""
        self._failures.pop(key, None)

    async def get(self) -> Key:
        """The next key, waiting for one if there is none."""
        while not self._ready:
            self._wake.clear()
            await self._wake.wait()
        key = self._ready.popleft()
        self._waiting.discard(key)
        self._busy.add(key)
        return key

    def done(self, key: Key) -> None:
        """Give back a key; wishes that came meanwhile are honoured now."""
        self._busy.discard(key)
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def idle(self) -> bool:
        """Whether nothing is waiting or being worked on; timers don't count."""
        return not (self._ready or self._busy)

    def close(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)
