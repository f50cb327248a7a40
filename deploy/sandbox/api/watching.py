"""Watches: a bounded history of changes for each resource, and readers that follow it.

A reader holds only a position. One that falls behind the history gets the same 410 that asking for
a version that is too old gets; nothing is ever buffered for a slow reader.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .errors import ApiError, expired
from .jsontypes import Json, clone
from .storage import Entry, Storage

HISTORY = 4096  # changes kept for each resource

Matcher = Callable[[Entry], bool]


@dataclass(frozen=True)
class Change:
    """One change of one object."""

    kind: str
    entry: Entry
    before: Entry | None


class Channel:
    """The latest changes of one resource. ``newest`` tells the revision of the whole storage."""

    def __init__(self, start: int, newest: Callable[[], int]) -> None:
        self.newest = newest
        self.changes: deque[Change] = deque()
        self.first = 0  # sequence number of changes[0]
        self.floor = start  # the newest revision that is no longer in the history
        self._waiters: set[asyncio.Future[None]] = set()

    def push(self, change: Change) -> None:
        """Appends a change, forgets the oldest, wakes the readers."""
        self.changes.append(change)
        if len(self.changes) > HISTORY:
            self.floor = self.changes.popleft().entry.revision
            self.first += 1
        self.wake()

    def wake(self) -> None:
        """Lets all waiting readers look again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    @property
    def end(self) -> int:
        """The sequence number that the next change will get."""
        return self.first + len(self.changes)

    def position_after(self, revision: int) -> int:
        """The sequence number of the first change later than a revision; raises 410 when it is forgotten."""
        if revision < self.floor:
            raise expired(f"too old resource version: {revision} ({self.floor})")
        position = self.end
        for change in reversed(self.changes):
            if change.entry.revision <= revision:
                break
            position -= 1
        return position

    async def wait(self) -> None:
        """Returns at the next change."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)


class Watch:
    """An endless reader of changes that match, beginning with given entries as ADDED."""

    def __init__(self, channel: Channel, position: int, matches: Matcher, initial: list[Entry]) -> None:
        self._channel = channel
        self._position = position
        self._matches = matches
        self._initial = deque(initial)
        self._closed = False
        self.seen = 0  # the revision up to which everything has been told, when it waits

    def __aiter__(self) -> "Watch":
        return self

    async def __anext__(self) -> Json:
        try:
            change = await self.next_change()
        except ApiError as error:
            self.close()
            return {"type": "ERROR", "object": error.status()}
        if change is None:
            raise StopAsyncIteration
        kind, entry = change
        return {"type": kind, "object": clone(entry.obj)}

    async def next_change(self) -> tuple[str, Entry] | None:
        """The next change as type and entry, None when closed; raises 410 when this reader was too slow."""
        while not self._closed:
            found = self._poll()
            if found is not None:
                return found
            self.seen = self._channel.newest()
            await self._channel.wait()
        return None

    def _poll(self) -> tuple[str, Entry] | None:
        if self._initial:
            return "ADDED", self._initial.popleft()
        channel = self._channel
        if self._position < channel.first:
            raise expired("The resourceVersion for the provided watch is too old.")
        while self._position < channel.end:
            change = channel.changes[self._position - channel.first]
            self._position += 1
            kind = self._seen_as(change)
            if kind:
                return kind, change.entry
        return None

    def _seen_as(self, change: Change) -> str:
        """What a change is for this reader: an object may enter or leave its selection."""
        now = change.kind != "DELETED" and self._matches(change.entry)
        then = change.before is not None and self._matches(change.before)
        if now:
            return "MODIFIED" if then else "ADDED"
        return "DELETED" if then else ""

    @property
    def has_initial(self) -> bool:
        """Whether some of the given entries are still to be told."""
        return bool(self._initial)

    def close(self) -> None:
        """Ends the iteration, also for a reader that is waiting right now."""
        self._closed = True
        self._channel.wake()

    async def aclose(self) -> None:
        """The same for code that closes async generators."""
        self.close()


class Watches:
    """The channels of all resources, fed by the storage."""

    def __init__(self, storage: Storage) -> None:
        self._start = storage.revision
        self._storage = storage
        self._channels: dict[str, Channel] = {}
        storage.listen(self._record)

    def _record(self, kind: str, entry: Entry, before: Entry | None) -> None:
        self.channel(entry.resource_key).push(Change(kind, entry, before))

    def channel(self, resource_key: str) -> Channel:
        """The changes of one resource."""
        return self._channels.setdefault(resource_key, Channel(self._start, lambda: self._storage.revision))

    def open(self, resource_key: str, revision: int, matches: Matcher, initial: list[Entry] | None) -> Watch:
        """A reader that begins behind a revision, or with the given entries."""
        channel = self.channel(resource_key)
        if initial is not None:
            return Watch(channel, channel.end, matches, initial)
        return Watch(channel, channel.position_after(revision), matches, [])
