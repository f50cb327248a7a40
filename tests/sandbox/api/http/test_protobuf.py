"""Bodies that Go clients send."""

import pytest

from sandbox.api.errors import ApiError
from sandbox.api.http.protobuf import decode


def field(number: int, content: bytes | int) -> bytes:
    """One field on the wire; small numbers only."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    return bytes([number << 3 | 2, len(content)]) + content


def message(kind: str, body: bytes) -> bytes:
    return b"k8s\x00" + field(1, field(1, b"v1") + field(2, kind.encode())) + field(2, body)


def test_a_secret_is_read() -> None:
    metadata = field(1, b"s") + field(2, b"") + field(8, b"") + field(11, field(1, b"k") + field(2, b"v"))
    body = field(1, metadata) + field(2, field(1, b"key") + field(2, b"\xff")) + field(3, b"helm.sh/release.v1")
    assert decode(message("Secret", body)) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "labels": {"k": "v"}},
        "data": {"key": "/w=="},
        "type": "helm.sh/release.v1",
    }


def test_zeros_that_are_meant_stay() -> None:
    assert decode(message("DeleteOptions", field(1, 0) + field(4, b"Background")))["gracePeriodSeconds"] == 0


def test_other_kinds_and_fields_are_refused_not_dropped() -> None:
    with pytest.raises(ApiError) as refused:
        decode(message("Pod", b""))
    assert refused.value.code == 415
    with pytest.raises(ApiError) as refused:
        decode(message("Secret", field(9, b"x")))
    assert refused.value.code == 415


@pytest.mark.parametrize("raw", [b"", b"{}", b"k8s\x00\x0a\xff", b"k8s\x00"])
def test_what_is_broken_is_a_bad_request(raw: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        decode(raw)
    assert refused.value.code == 400
