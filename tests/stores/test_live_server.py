"""What the web server itself guards, in a process with the options that it has in production."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from sandbox.launcher.processes import UVICORN_OPTIONS
from tests.benchmarks.websocket.processes import OURS, WebServer
from tests.services import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

GUARDS = ("--no-proxy-headers", "--ws-max-size 4096", "--ws-per-message-deflate false")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WebServer]:
    running = WebServer(OURS, tmp_path / "web.log")
    yield running
    running.stop()


def test_a_client_that_says_too_much_is_closed(server: WebServer) -> None:
    with connect(f"ws://127.0.0.1:{server.port}/stores/ws", additional_headers={"X-User-Id": "ann"}) as ann:
        assert ann.protocol.extensions == []
        ann.send("x" * 4096)
        assert '"hello"' in ann.recv(60)
        ann.send("x" * 4097)
        with pytest.raises(ConnectionClosedError) as closed:
            list(ann)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize(
    "path", ["deploy/images/platform/Dockerfile", "deploy/chart/templates/web.yaml", "docs/operate.md"]
)
def test_the_web_server_has_the_same_guards_wherever_it_is_started(path: str) -> None:
    words = re.sub(r'[",\\\s]+', " ", (ROOT / path).read_text())

    assert [guard for guard in GUARDS if guard not in words] == []
    assert [guard for guard in GUARDS if guard not in " ".join(UVICORN_OPTIONS)] == []
