"""Watches on the wire: one JSON document for each event, in a chunked answer that ends when asked to."""

import asyncio
import random
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from ..errors import ApiError, bad_request
from ..jsontypes import encode
from ..listing import Selection
from ..resources import Resource
from ..storage import Entry
from ..tables.render import TABLE, Form, render_entries, render_partial
from ..views import bookmark, raw
from ..watching import Watch
from .media import JSON, Accepted
from .parameters import bad_list_option, is_true, whole_number

if TYPE_CHECKING:
    from ..registry import Registry

BOOKMARK_SECONDS = 60.0
SLICE_SECONDS = 15.0
OPEN_WATCHES = web.AppKey("open_watches", set[Watch])
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class _Stream:
    """Writes events in the form the client accepts."""

    def __init__(self, registry: "Registry", request: web.Request, resource: Resource, accepted: Accepted) -> None:
        self._registry = registry
        self._request = request
        self._resource = resource
        self._accepted = accepted
        self._first = True
        self.response = web.StreamResponse(headers={"Cache-Control": "no-cache, private"})
        self.response.content_type = JSON

    @property
    def has_reader(self) -> bool:
        """Whether the client is still there."""
        transport = self._request.transport
        return transport is not None and not transport.is_closing()

    async def send(self, kind: str, entry: Entry) -> None:
        """One change."""
        if self._accepted.kind == TABLE:
            meta = {"resourceVersion": str(entry.revision)}
            form = Form(self._accepted, self._request.query.get("includeObject", "Metadata"), headers=self._first)
            body = render_entries(self._registry, self._resource, [entry], meta, form)
            self._first = False
        elif self._accepted.kind:
            body = encode(render_partial(entry, self._accepted))
        else:
            body = raw(self._resource, entry)
        await self._write(kind, body)

    async def bookmark(self, revision: int, *, initial_end: bool = False) -> None:
        """Tells the client how far it has seen everything."""
        obj = bookmark(self._resource, revision)
        if initial_end:
            obj["metadata"]["annotations"] = {INITIAL_EVENTS_END: "true"}
        if self._accepted.kind == TABLE:
            row = {"cells": [], "object": obj}
            obj = {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": str(revision)},
                "columnDefinitions": None,
                "rows": [row],
            }
        await self._write("BOOKMARK", encode(obj))

    async def error(self, error: ApiError) -> None:
        """The last event of a watch that cannot go on."""
        await self._write("ERROR", encode(error.status()))

    async def _write(self, kind: str, body: bytes) -> None:
        await self.response.write(b'{"type":"%s","object":%s}\n' % (kind.encode(), body))


async def stream_watch(
    registry: "Registry", request: web.Request, selection: Selection, accepted: Accepted
) -> web.StreamResponse:
    """Answers a watch request until its time is over, the client leaves or history is lost."""
    query = request.query
    seconds = whole_number(query, "timeoutSeconds") or random.randint(1800, 3600)  # noqa: S311 - no secret
    bookmarks = is_true(query, "allowWatchBookmarks")
    initial = _initial_events(query.get("sendInitialEvents", ""), query.get("resourceVersionMatch", ""), bookmarks)
    version = query.get("resourceVersion", "")
    if version and not version.isdigit():
        raise bad_request(f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: invalid syntax')
    stream = _Stream(registry, request, selection.resource, accepted)
    start = registry.storage.revision
    try:
        watch = registry.open_watch(selection, "" if initial else version, initial_events=initial is not False)
    except ApiError as error:
        if error.code != HTTPStatus.GONE:
            raise
        await stream.response.prepare(request)
        await stream.error(error)
        return stream.response
    open_watches = request.app[OPEN_WATCHES]
    open_watches.add(watch)
    try:
        await stream.response.prepare(request)
        await _follow(stream, watch, seconds, start if initial else None, bookmarks=bookmarks)
        await stream.response.write_eof()
    except ConnectionError:
        pass  # the client has left
    finally:
        open_watches.discard(watch)
        watch.close()
    return stream.response


async def _follow(stream: _Stream, watch: Watch, seconds: int, initial_end: int | None, *, bookmarks: bool) -> None:
    """Sends what happens, in slices, so that a client that has left is noticed also when nothing happens."""
    loop = asyncio.get_running_loop()
    end, announced = loop.time() + seconds, initial_end is None
    next_bookmark = loop.time() + BOOKMARK_SECONDS
    while (left := end - loop.time()) > 0 and stream.has_reader:
        if not announced and not watch.has_initial:
            announced = True
            await stream.bookmark(initial_end or 0, initial_end=True)
        try:
            async with asyncio.timeout(min(left, SLICE_SECONDS)):
                change = await watch.next_change()
        except TimeoutError:
            if bookmarks and loop.time() >= next_bookmark:
                next_bookmark = loop.time() + BOOKMARK_SECONDS
                await stream.bookmark(watch.seen)
            continue
        except ApiError as error:
            await stream.error(error)
            return
        if change is None:
            return
        await stream.send(*change)
    if bookmarks and watch.seen and stream.has_reader:
        await stream.bookmark(watch.seen)


def _initial_events(wanted: str, match: str, bookmarks: bool) -> bool | None:
    """Whether the client asked for a streamed list; None when it did not say."""
    if not wanted:
        if match:
            told = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            raise bad_list_option("resourceVersionMatch", "", told)
        return None
    if match != "NotOlderThan":
        told = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        raise bad_list_option("resourceVersionMatch", "", told)
    if wanted in {"true", "1"} and not bookmarks:
        raise bad_list_option("sendInitialEvents", "", "sendInitialEvents requires setting allowWatchBookmarks to true")
    return wanted in {"true", "1"}
