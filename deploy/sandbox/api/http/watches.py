"""Watches on the wire: one JSON document for each event, in a chunked answer that ends when asked to."""

import asyncio
import random
from contextlib import suppress
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
from .parameters import is_true, whole_number

if TYPE_CHECKING:
    from ..registry import Registry

BOOKMARK_SECONDS = 60.0
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
    seconds = whole_number(query, "timeoutSeconds") or random.randint(1800, 3600)  # noqa: S311
    bookmarks = is_true(query, "allowWatchBookmarks")
    initial = _initial_events(query.get("sendInitialEvents", ""), query.get("resourceVersionMatch", ""), bookmarks)
    version = query.get("resourceVersion", "")
    if version and not version.isdigit():
        raise bad_request(f'resourceVersion: Invalid value: "{version}": strconv.ParseUint: invalid syntax')
    stream = _Stream(registry, request, selection.resource, accepted)
    start = registry.storage.revision
    early: ApiError | None = None
    watch: Watch | None = None
    try:
        watch = registry.open_watch(selection, "" if initial else version, initial_events=initial is not False)
    except ApiError as error:
        if error.code != HTTPStatus.GONE:
            raise
        early = error
    await stream.response.prepare(request)
    if watch is None:
        await stream.error(early)  # type: ignore[arg-type]
        return stream.response
    try:
        async with asyncio.timeout(seconds):
            await _follow(registry, stream, watch, start if initial else None, bookmarks=bookmarks)
    except TimeoutError:
        if bookmarks:
            with suppress(ConnectionError):
                await stream.bookmark(registry.storage.revision)
    except ConnectionError:
        return stream.response  # the client has left
    finally:
        watch.close()
    with suppress(ConnectionError):
        await stream.response.write_eof()
    return stream.response


async def _follow(
    registry: "Registry", stream: _Stream, watch: Watch, initial_end: int | None, *, bookmarks: bool
) -> None:
    announced = initial_end is None
    while True:
        if not announced and not watch.has_initial:
            announced = True
            await stream.bookmark(initial_end or 0, initial_end=True)
        try:
            async with asyncio.timeout(BOOKMARK_SECONDS if bookmarks else None):
                kind, entry = await watch.next_change()
        except TimeoutError:
            # Our own timer: everything up to now has been sent.
            await stream.bookmark(registry.storage.revision)
            continue
        except ApiError as error:
            await stream.error(error)
            return
        await stream.send(kind, entry)


def _initial_events(wanted: str, match: str, bookmarks: bool) -> bool | None:
    """Whether the client asked for a streamed list; None when it did not say."""
    if not wanted:
        if match:
            raise bad_request(
                "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless "
                "sendInitialEvents is provided"
            )
        return None
    if match != "NotOlderThan":
        raise bad_request(
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        )
    if wanted in {"true", "1"} and not bookmarks:
        raise bad_request(
            "allowWatchBookmarks: Forbidden: sendInitialEvents requires setting allowWatchBookmarks to true"
        )
    return wanted in {"true", "1"}
