"""Every kind of refusal becomes one kind of error, with one sentence for people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provisioner.cluster import (
    AccessDenied,
    AlreadyExists,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    QuotaExceeded,
    Terminating,
    Throttled,
    Unavailable,
)
from provisioner.cluster.errors import status_error
from tests.provisioner.fake_api import status

_TERMINATING = {"causes": [{"reason": "NamespaceTerminating", "message": "namespace x is being terminated"}]}
_EXCEEDED = 'pods "x" is forbidden: exceeded quota: store, requested: limits.cpu=1'


@pytest.mark.parametrize(
    ("answer", "kind", "passing"),
    [
        (status(400, "BadRequest", "unknown field"), Invalid, False),
        (status(401, "Unauthorized", "Unauthorized"), AccessDenied, False),
        (status(403, "Forbidden", 'stores is forbidden: User "x" cannot list'), AccessDenied, False),
        (status(403, "Forbidden", 'pods "x" is forbidden: violates PodSecurity "restricted:latest"'), Forbidden, False),
        (status(403, "Forbidden", 'services "x" is forbidden: not yet ready to handle request'), Unavailable, True),
        (status(403, "Forbidden", _EXCEEDED), QuotaExceeded, False),
        (status(403, "Forbidden", "unable to create", details=_TERMINATING), Terminating, True),
        (status(404, "NotFound", 'pods "x" not found'), NotFound, False),
        (status(405, "MethodNotAllowed", "no"), Invalid, False),
        (status(409, "AlreadyExists", 'pods "x" already exists'), AlreadyExists, False),
        (status(409, "Conflict", "the object has been modified"), Conflict, True),
        (status(410, "Expired", "too old resource version"), Expired, True),
        (status(410, "Gone", "too old"), Expired, True),
        (status(413, "RequestEntityTooLarge", "too large"), Invalid, False),
        (status(415, "UnsupportedMediaType", "no"), Invalid, False),
        (status(422, "Invalid", "spec.replicas: Invalid value: -1"), Invalid, False),
        (status(429, "TooManyRequests", "try again"), Throttled, True),
        (status(500, "InternalError", "etcd"), Unavailable, True),
        (
            status(500, "", "failed to create typed patch object (n/x; v1, Kind=Pod): .spek: not declared"),
            Invalid,
            False,
        ),
        (status(503, "ServiceUnavailable", "starting"), Unavailable, True),
        (status(504, "Timeout", "took too long"), Unavailable, True),
    ],
)
def test_a_refusal_is_sorted(answer: dict[str, Any], kind: type[ClusterError], passing: bool) -> None:
    error = status_error(answer["code"], json.dumps(answer).encode(), {}, asked='apply Pod "x"')
    assert type(error) is kind
    assert (error.code, error.passing) == (answer["code"], passing)
    assert 'apply Pod "x"' in error.message
    assert answer["message"] in error.message


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "0.5"}, 0.5),
        (429, {}, 1.0),
        (429, {"Retry-After": "soon"}, 1.0),
        (429, {"Retry-After": "-1"}, 0.0),
        (503, {"Retry-After": "3"}, 3.0),
    ],
)
def test_throttling_says_how_long_to_wait(code: int, headers: dict[str, str], seconds: float) -> None:
    error = status_error(code, b"{}", headers, asked="list pods")
    assert isinstance(error, Throttled)
    assert error.retry_after == seconds


def test_a_refused_secret_is_never_quoted() -> None:
    answer = status(422, "Invalid", 'Secret "x" is invalid: data[PASSWORD]: Invalid value: "hunter2"')
    error = status_error(422, json.dumps(answer).encode(), {}, asked='apply Secret "x"', secret=True)
    assert error.message == 'The cluster refused to apply Secret "x": Invalid'


@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b'"text"', b"[]", b"\xff", b'{"message": null}'])
def test_an_answer_that_is_no_status_object_is_sorted_by_its_code(body: bytes) -> None:
    assert isinstance(status_error(502, body, {}, asked="list pods"), Unavailable)
    assert isinstance(status_error(404, body, {}, asked="list pods"), NotFound)


def test_a_long_message_is_cut_to_one_readable_line() -> None:
    answer = status(422, "Invalid", "first\n  second " + "x" * 10_000)
    message = status_error(422, json.dumps(answer).encode(), {}, asked="apply it").message
    assert "first second xxx" in message
    assert len(message) < 600
