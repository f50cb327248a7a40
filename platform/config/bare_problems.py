"""Problem documents for what is refused before there is a Django request: bodies that are too large, handshakes."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from config.problems import CONTENT_TYPE, Problem
from config.request_id import HEADER, sane_or_new

Headers = list[tuple[bytes, bytes]]


def written(problem: Problem, scope: Mapping[str, Any]) -> tuple[Headers, bytes]:
    """Headers and body of the answer to whoever is at the other end of this ASGI scope."""
    wanted = HEADER.lower().encode()
    offered = next((value.decode("latin1") for name, value in scope["headers"] if name == wanted), None)
    request = SimpleNamespace(path=scope.get("path", ""), request_id=sane_or_new(offered))
    headers = [(b"content-type", CONTENT_TYPE.encode()), (wanted, request.request_id.encode())]
    return headers, json.dumps(problem.document(request)).encode()
