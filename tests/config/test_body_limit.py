"""Large bodies, announced and not."""

import json
from collections.abc import Iterable, MutableMapping
from typing import Any

import pytest

from config.body_limit import BodyLimit

LIMIT = 10


async def answer(chunks: Iterable[bytes], headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes]:
    """What comes back from an application that says how many bytes it had."""
    messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[MutableMapping[str, Any]] = []

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        had, more = 0, True
        while more:
            message = await receive()
            had, more = had + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(had).encode()})

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await BodyLimit(application, LIMIT)({"type": "http", "path": "/stores", "headers": headers}, receive, send)
    return sent[0]["status"], sent[1]["body"]


@pytest.mark.parametrize("chunks", [[], [b"x" * 10], [b"xxxxx", b"xxxxx"]])
async def test_a_body_within_the_limit_passes(chunks: list[bytes]) -> None:
    assert await answer(chunks, []) == (200, str(sum(map(len, chunks))).encode())


@pytest.mark.parametrize(
    ("chunks", "headers"),
    [
        ([], [(b"content-length", b"11")]),
        ([b"x" * 11], []),
        ([b"xxxxxx", b"xxxxx"], []),
        ([b"x" * 11], [(b"content-length", b"2")]),
    ],
)
async def test_a_larger_one_is_a_413_problem(chunks: list[bytes], headers: list[tuple[bytes, bytes]]) -> None:
    status, body = await answer(chunks, [*headers, (b"x-request-id", b"r-1")])

    assert status == 413
    assert json.loads(body) == {
        "type": "urn:storeplane:problem:too-large",
        "title": "The body is too large",
        "status": 413,
        "detail": "A body may have 10 bytes at most.",
        "instance": "/stores",
        "request_id": "r-1",
    }
