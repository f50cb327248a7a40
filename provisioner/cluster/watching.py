"""Following changes: one watch over many connections, and waiting for one object to become what is wanted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from provisioner.cluster.errors import ClusterError, Throttled, Unavailable, event_error
from provisioner.cluster.kinds import Kind, Manifest
from provisioner.cluster.transport import Request, Transport

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]

_FIRST_BACKOFF = 0.1
_LONGEST_BACKOFF = 2.0


@dataclass(frozen=True)
class WatchEvent:
    """A change, or a BOOKMARK whose object carries nothing but the resourceVersion reached."""

    type: EventType
    object: Manifest

    @property
    def resource_version(self) -> str:
        """From where a later watch may go on."""
        return str(self.object.get("metadata", {}).get("resourceVersion", ""))


@dataclass(frozen=True)
class Selection:
    """What is watched or listed: a kind, in one namespace or all, by name or by labels.

    With `metadata_only` the rest of each object, which may be large or secret, isn't sent.
    """

    kind: Kind
    namespace: str | None = None
    name: str | None = None
    label_selector: str = ""
    metadata_only: bool = False

    def accept(self, *, of_list: bool) -> str:
        """The media type to ask for."""
        form = "PartialObjectMetadataList" if of_list else "PartialObjectMetadata"
        return f"application/json;as={form};g=meta.k8s.io;v=v1" if self.metadata_only else "application/json"

    def query(self) -> dict[str, str]:
        """The query parameters that select it."""
        query = {"labelSelector": self.label_selector} if self.label_selector else {}
        if self.name:
            query["fieldSelector"] = f"metadata.name={self.name}"
        return query


def follow(transport: Transport, selection: Selection, resource_version: str, timeout: float) -> Iterator[WatchEvent]:
    """Events for `timeout` seconds; a connection that ends or breaks is taken up again where it stopped.

    Raises Expired when the resourceVersion is too old (list again), Unavailable when the server cannot be reached
    at the end of the time, and any refusal at once.
    """
    deadline = time.monotonic() + timeout
    backoff, failure = _FIRST_BACKOFF, None
    while (left := deadline - time.monotonic()) > 0:
        pause = backoff
        try:
            for event in _one_watch(transport, selection, resource_version, left):
                resource_version = event.resource_version or resource_version
                backoff, pause = _FIRST_BACKOFF, 0.0
                yield event
                if time.monotonic() >= deadline:
                    return
            failure = None
        except (Throttled, Unavailable) as error:
            if time.monotonic() >= deadline and _is_silence(error):
                return
            failure = error
            pause = error.retry_after if isinstance(error, Throttled) else backoff
        # Also after a watch that ended with nothing said: a proxy may end each one at once.
        backoff = min(backoff * 2, _LONGEST_BACKOFF) if pause else backoff
        time.sleep(max(0.0, min(pause, deadline - time.monotonic())))
    if failure is not None:
        raise failure


def _one_watch(
    transport: Transport, selection: Selection, resource_version: str, seconds: float
) -> Iterator[WatchEvent]:
    query = {
        **selection.query(),
        "watch": "1",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": str(max(1, int(seconds))),
    }
    if resource_version:
        query["resourceVersion"] = resource_version
    request = Request(
        verb="watch",
        method="GET",
        kind=selection.kind,
        path=selection.kind.path(selection.namespace),
        query=query,
        accept=selection.accept(of_list=False),
        name=selection.name or "",
        # The server counts in whole seconds; what is less is ended from here, by the silence of the line.
        read_timeout=seconds,
    )
    with transport.opened(request) as response:
        for line in _lines(response):
            yield _event(json.loads(line), request.asked)


def _lines(response: BaseHTTPResponse) -> Iterator[bytes]:
    """The JSON lines of a watch, each as soon as it is complete."""
    rest = b""
    for chunk in response.stream(1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line for line in lines if line.strip())


def _event(raw: Manifest, asked: str) -> WatchEvent:
    if raw["type"] == "ERROR":
        error: ClusterError = event_error(raw["object"], asked=asked)
        raise error
    return WatchEvent(cast("EventType", raw["type"]), raw["object"])


def _is_silence(error: ClusterError) -> bool:
    """Whether a watch ended because nothing was said until the deadline, which is no failure."""
    from urllib3.exceptions import ReadTimeoutError

    return isinstance(error.__cause__, ReadTimeoutError)
