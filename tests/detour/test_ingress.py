"""Which way an end-to-end run takes to its stores."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.e2e import browser
from tests.e2e.ingress import Ingress


class _Shop(BaseHTTPRequestHandler):
    healthy = "OK"

    def do_GET(self) -> None:
        body = (self.healthy if self.path == "/health" else "<title>Tea</title>").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not between the lines of the tests."""


class _Page(_Shop):
    healthy = "<title>Welcome</title>"


@pytest.fixture
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    """Of a server of the given class; of nobody for None."""
    if request.param is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            yield free.getsockname()[1]
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("port", "direct"), [(_Shop, True), (_Page, False), (None, False)], indirect=["port"])
def test_a_real_cluster_is_reached_at_the_usual_place_only_if_that_serves_the_store(port: int, direct: bool) -> None:
    ingress, said = Ingress({"KUBECONFIG": "/real"}, probe_seconds=0.1), list[str]()
    ingress.say = said.append
    assert ingress.needs_a_store
    try:
        place = ingress.place(f"http://tea.localhost:{port}")
        again = ingress.place("http://coffee.localhost:1")
    finally:
        ingress.close()

    assert (place == f"127.0.0.1:{port}") is direct
    assert again == ("127.0.0.1:1" if direct else place)
    assert ingress.everywhere == (None if direct else place)
    assert len(said) == 1
    assert ("port-forward" in said[0]) is not direct


def test_what_is_given_is_taken_unasked() -> None:
    ingress = Ingress({"KUBECONFIG": "/real", "STOREPLANE_E2E_INGRESS": "10.0.0.1:8080"})
    assert not ingress.needs_a_store
    assert ingress.place("http://tea.localhost") == "10.0.0.1:8080"
    assert ingress.everywhere == "10.0.0.1:8080"


def test_a_browser_is_told_host_and_port_and_keeps_the_platforms_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOREPLANE_E2E_URL", "http://storeplane.example.com")
    monkeypatch.setattr(browser, "INGRESS", Ingress({"STOREPLANE_E2E_INGRESS": "10.0.0.1:8080"}))
    excluded = "EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE storeplane.example.com"
    assert browser.resolver() == [f"--host-resolver-rules=MAP * 10.0.0.1:8080, {excluded}"]

    monkeypatch.setattr(browser, "INGRESS", Ingress({}))
    assert browser.resolver() == []


def test_the_sandbox_is_its_own_ingress(tmp_path: Path) -> None:
    ingress = Ingress({"KUBECONFIG": str(tmp_path / "kubeconfig"), "STOREPLANE_HOME": str(tmp_path)})
    assert not ingress.needs_a_store
    assert ingress.place("http://tea.localhost:8080") == "127.0.0.1:8080"
    assert ingress.place("http://tea.example.com") == "tea.example.com"
