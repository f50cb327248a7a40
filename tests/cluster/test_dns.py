"""Answers to DNS queries, byte by byte, and which objects of the API they come from."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from tests.cluster.dns import MOST_ADDRESSES, Names, answer, read

A, AAAA = 1, 28


def query(name: str, kind: int = A) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", 7, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", kind, 1)


def told(reply: bytes | None) -> tuple[int, list[str]]:
    """The response code, and the addresses."""
    assert reply is not None
    number, flags, questions, answers, *_ = struct.unpack_from("!6H", reply)
    assert (number, questions, bool(flags & 0x8000)) == (7, 1, True)
    records = [reply[len(reply) - 16 * (answers - index) :][:16] for index in range(answers)]
    assert all(record[:12] == struct.pack("!3HIH", 0xC00C, 1, 1, 5, 4) for record in records)
    return flags & 0xF, [".".join(map(str, record[12:])) for record in records]


def test_a_name_is_answered_with_its_addresses() -> None:
    asked: list[str] = []

    def find(name: str) -> list[str]:
        asked.append(name)
        return ["10.97.0.7", "10.1.2.3"]

    reply = answer(query("Postgres.shop.svc.cluster.local"), find)
    assert told(reply) == (0, ["10.97.0.7", "10.1.2.3"])
    assert asked == ["postgres.shop.svc.cluster.local"]
    assert reply is not None
    assert reply[12:].startswith(query("Postgres.shop.svc.cluster.local")[12:]), "the question as it was asked"


def test_a_name_that_is_not_there_and_one_without_ipv6_are_told_apart() -> None:
    assert told(answer(query("no.svc.cluster.local"), lambda _: None)) == (3, [])
    assert told(answer(query("a.b.svc.cluster.local", AAAA), lambda _: ["10.97.0.7"])) == (0, [])


def test_an_api_that_does_not_answer_is_a_failure_and_not_a_missing_name() -> None:
    def find(_: str) -> list[str]:
        raise OSError("refused")

    assert told(answer(query("a.b.svc.cluster.local"), find)) == (2, [])


def test_a_reply_fits_in_512_bytes() -> None:
    name = ".".join(["a" * 30] * 2 + ["svc", "cluster", "local"])
    reply = answer(query(name), lambda _: [f"10.0.0.{index}" for index in range(200)])
    assert len(told(reply)[1]) == MOST_ADDRESSES
    assert reply is not None
    assert len(reply) <= 512


@pytest.mark.parametrize("junk", [b"", b"\0" * 12, query("a.b")[:-3], query("a.b")[:12] + b"\xc0\x0c\0\1\0\1"])
def test_what_is_no_query_is_not_answered(junk: bytes) -> None:
    assert read(junk) is None
    assert answer(junk, lambda _: []) is None


class _Api:
    """Two Services: one with an address of its own, one without."""

    def get(self, path: str) -> dict[str, Any] | None:
        pods = [{"ip": "10.245.0.5", "hostname": "postgres-0"}, {"ip": "10.245.0.6"}]
        known: dict[str, dict[str, Any]] = {
            "/api/v1/namespaces/shop/services/web": {"spec": {"clusterIP": "10.97.0.9"}},
            "/api/v1/namespaces/shop/services/postgres": {"spec": {"clusterIP": "None"}},
            "/api/v1/namespaces/shop/endpoints/postgres": {"subsets": [{"addresses": pods}]},
        }
        return known.get(path)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("web.shop.svc.cluster.local", ["10.97.0.9"]),
        ("postgres.shop.svc.cluster.local", ["10.245.0.5", "10.245.0.6"]),
        ("postgres-0.postgres.shop.svc.cluster.local", ["10.245.0.5"]),
        ("postgres-1.postgres.shop.svc.cluster.local", None),
        ("web.other.svc.cluster.local", None),
        ("example.com", None),
        ("example.com.shop.svc.cluster.local", None),
    ],
)
def test_names_come_from_services_and_their_endpoints(name: str, found: list[str] | None) -> None:
    assert Names(_Api()).find(name) == found  # type: ignore[arg-type]
