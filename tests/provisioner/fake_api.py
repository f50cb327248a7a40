"""A fake at the outermost edge: an HTTP server that answers as it is told, for faults that no real API server can be
asked for (silence, a dropped connection, an expired resourceVersion, an overload)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived; `connection` is the client's port, which tells connections apart."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(frozen=True)
class Reply:
    """What to answer. `lines` are sent one by one as a watch; `silent` says nothing after that until the end."""

    code: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    lines: tuple[Any, ...] | None = None
    silent: bool = False
    drop: bool = False


Script = Callable[[Asked], Reply]


class FakeApi:
    """The running server; `asked` holds every request in order."""

    def __init__(self, script: Script) -> None:
        self.script, self.asked = script, list[Asked]()
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the server and every answer that is being held back."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def paths(self) -> list[str]:
        """Method and path of every request, in order."""
        return [f"{asked.method} {asked.path}" for asked in self.asked]


def status(code: int, reason: str, message: str, **more: Any) -> dict[str, Any]:
    """A Kubernetes `Status` object of a failure."""
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return {**body, "code": code, "reason": reason, "message": message, **more}


def kubeconfig(folder: Path, server: str, token: str = "") -> Path:
    """A kubeconfig file for a server without TLS."""
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "fake", "cluster": {"server": server}}],
        "users": [{"name": "fake", "user": {"token": token} if token else {}}],
        "contexts": [{"name": "fake", "context": {"cluster": "fake", "user": "fake"}}],
        "current-context": "fake",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


@contextmanager
def fake_api(script: Script) -> Iterator[FakeApi]:
    """A FakeApi for the time of a `with`."""
    api = FakeApi(script)
    try:
        yield api
    finally:
        api.stop()


def _handler(api: FakeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            url = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query, headers = dict(parse_qsl(url.query)), {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, url.path, query, headers, body, self.client_address[1])
            api.asked.append(asked)
            self._send(api.script(asked))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def _send(self, reply: Reply) -> None:
            if reply.drop:
                self.close_connection = True
                return
            if reply.silent and reply.lines is None:
                api.stopping.wait()
                self.close_connection = True
                return
            self.send_response(reply.code)
            self.send_header("Content-Type", "application/json")
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.lines is None:
                body = json.dumps(reply.body or {}).encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            else:
                self._stream(reply)

        def _stream(self, reply: Reply) -> None:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in reply.lines or ():
                chunk = json.dumps(line).encode() + b"\n"
                self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
                self.wfile.flush()
            if reply.silent:
                api.stopping.wait()
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: Any) -> None:
            """Nothing: the requests are in `asked`."""

    return Handler
