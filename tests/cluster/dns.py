"""The cluster's DNS: names of Services, each looked up in the API when it is asked for.

NAME.SPACE.svc.cluster.local is the Service's address, or those of its pods if it has none of its own (headless);
POD.NAME.SPACE.svc.cluster.local is one of those pods. IPv4 over UDP; names of the world outside are not known.

    python -m tests.cluster.dns FOLDER
"""

from __future__ import annotations

import socket
import socketserver
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.api import Api, Json
from tests.cluster.places import DNS_PORT, GATEWAY, Places

SUFFIX = ["svc", "cluster", "local"]
TTL_SECONDS = 5
MOST_ADDRESSES = 25
"""As many as fit in 512 bytes with any name."""

_HEADER = struct.Struct("!6H")
_KIND = struct.Struct("!2H")
_RESPONSE, _ASKED_RECURSION, _AUTHORITATIVE = 0x8000, 0x0100, 0x0400
_NO_SUCH_NAME, _FAILED = 3, 2
_A, _IN = 1, 1
_NAME_OF_QUESTION = 0xC00C
_LONGEST_LABEL = 63

Find = Callable[[str], list[str] | None]


@dataclass(frozen=True)
class Question:
    """The one question of a query, and the bytes it stood in."""

    number: int
    flags: int
    name: str
    kind: int
    raw: bytes


def read(query: bytes) -> Question | None:
    """The question; None for what isn't a query with one question."""
    try:
        number, flags, count, *_ = _HEADER.unpack_from(query)
        if count != 1 or flags & _RESPONSE:
            return None
        labels, end = _read_labels(query, _HEADER.size)
        kind, _ = _KIND.unpack_from(query, end)
    except (struct.error, IndexError, ValueError):
        return None
    return Question(number, flags, ".".join(labels).lower(), kind, query[_HEADER.size : end + _KIND.size])


def _read_labels(query: bytes, at: int) -> tuple[list[str], int]:
    labels: list[str] = []
    while length := query[at]:
        if length > _LONGEST_LABEL:
            raise ValueError("a question's name is never compressed")
        labels.append(query[at + 1 : at + 1 + length].decode("ascii"))
        at += 1 + length
    return labels, at + 1


def answer(query: bytes, find: Find) -> bytes | None:
    """The reply's bytes. `find` gives a name's addresses, None when there is no such name."""
    question = read(query)
    if question is None:
        return None
    try:
        found, code = find(question.name), 0
    except OSError:
        found, code = [], _FAILED
    if found is None:
        found, code = [], _NO_SUCH_NAME
    shown = found[:MOST_ADDRESSES] if question.kind == _A else []
    flags = _RESPONSE | _AUTHORITATIVE | (question.flags & _ASKED_RECURSION) | code
    header = _HEADER.pack(question.number, flags, 1, len(shown), 0, 0)
    return header + question.raw + b"".join(map(_record, shown))


def _record(address: str) -> bytes:
    head = struct.pack("!3HIH", _NAME_OF_QUESTION, _A, _IN, TTL_SECONDS, 4)
    return head + socket.inet_aton(address)


class Names:
    """What the API knows of a name."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def find(self, name: str) -> list[str] | None:
        match name.split("."):
            case [service, space, *rest] if rest == SUFFIX:
                return self._service(space, service)
            case [pod, service, space, *rest] if rest == SUFFIX:
                return self._pod(space, service, pod)
        return None

    def _service(self, space: str, name: str) -> list[str] | None:
        service = self._api.get(f"/api/v1/namespaces/{space}/services/{name}")
        if service is None:
            return None
        own = service["spec"].get("clusterIP")
        if own and own != "None":
            return [own]
        return [each["ip"] for each in addresses(self._endpoints(space, name))]

    def _pod(self, space: str, service: str, pod: str) -> list[str] | None:
        found = addresses(self._endpoints(space, service))
        return [each["ip"] for each in found if each.get("hostname") == pod] or None

    def _endpoints(self, space: str, name: str) -> Json:
        return self._api.get(f"/api/v1/namespaces/{space}/endpoints/{name}") or {}


def addresses(endpoints: Json) -> Iterator[Json]:
    """Of the pods that are ready."""
    for subset in endpoints.get("subsets") or []:
        yield from subset.get("addresses") or []


class _Handler(socketserver.BaseRequestHandler):
    find: Find

    def handle(self) -> None:
        query, asked_at = self.request
        if reply := answer(query, self.find):
            asked_at.sendto(reply, self.client_address)


def main() -> None:
    names = Names(Api(Places(Path(sys.argv[1]))))
    handler: Any = type("Handler", (_Handler,), {"find": staticmethod(names.find)})
    with socketserver.ThreadingUDPServer((GATEWAY, DNS_PORT), handler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
