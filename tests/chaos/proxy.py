"""A proxy before the API server that breaks what it is told to break, and remembers what it was asked."""

import json
import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

Break = Literal["hang", "answer", "error in watch", "drop before", "drop after", "seem unready"]

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "proxy-connection", "te", "upgrade"}
_REASONS = {409: "Conflict", 410: "Expired", 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}
_LONGEST_HANG_SECONDS = 120.0


@dataclass
class Rule:
    """What to break: requests whose method and path (with query) match, `count` times.

    `answer` sends `code`, with Retry-After when `retry_after` (seconds) is set; `error in watch` opens the watch and
    sends the same as an ERROR event; `drop after` lets the server act first; `seem unready` takes the status out of a
    list, so that whoever asks must watch.
    """

    does: Break
    method: str
    path: str
    count: int = 1
    code: int = 0
    retry_after: int = 0

    def fits(self, method: str, path: str) -> bool:
        """Whether it still applies, and to this request."""
        return self.count > 0 and re.fullmatch(self.method, method) is not None and bool(re.search(self.path, path))


@dataclass(frozen=True)
class Asked:
    """A request; `at` in seconds of the monotonic clock, `broken` by which rule's deed."""

    at: float
    method: str
    path: str
    broken: str = ""


@dataclass
class Faults:
    """The rules and the log of one proxy; safe to use from any thread."""

    rules: list[Rule] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)
    away: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, method: str, path: str) -> Rule | None:
        """Note the request; the rule that it falls under, used up by one."""
        with self.lock:
            rule = Rule("drop before", ".*", "") if self.away else self._first(method, path)
            if rule is not None:
                rule.count -= 1
            self.log.append(Asked(time.monotonic(), method, path, rule.does if rule else ""))
        return rule

    def _first(self, method: str, path: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.fits(method, path)), None)


class Proxy:
    """The running proxy, on a port of the loopback address."""

    def __init__(self, upstream: tuple[str, int]) -> None:
        self.faults, self.stopping = Faults(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(upstream, self.faults, self.stopping))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="proxy", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it, and whatever hangs in it."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, rules: Iterable[Rule]) -> None:
        """Break more."""
        with self.faults.lock:
            self.faults.rules += rules

    def asked(self, method: str = "", path: str = "", broken: str = "") -> list[Asked]:
        """The requests so far, those that match; the path by a regular expression."""
        with self.faults.lock:
            log = list(self.faults.log)
        return [
            each
            for each in log
            if method in ("", each.method) and re.search(path, each.path) and broken in ("", each.broken)
        ]

    @contextmanager
    def cluster_away(self) -> Iterator[None]:
        """Every request is dropped meanwhile. Watches that are open stay so, as behind a load balancer."""
        self.faults.away = True
        try:
            yield
        finally:
            self.faults.away = False


def _handler(upstream: tuple[str, int], faults: Faults, stopping: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Small packets, one for each line of a watch, must not wait for each other.
        disable_nagle_algorithm = True

        def relay(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            rule = faults.take(self.command, self.path)
            # A client that has gone away, or a server that is going, ends the exchange.
            with suppress(OSError, HTTPException):
                if rule is None or rule.does in ("drop after", "seem unready"):
                    self._forward(body, rule)
                else:
                    self._break(rule)
                return
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = relay

        def _break(self, rule: Rule) -> None:
            if rule.does == "hang":
                stopping.wait(_LONGEST_HANG_SECONDS)
            if rule.does in ("hang", "drop before"):
                self.close_connection = True
                return
            status = _status(rule.code)
            if rule.does == "error in watch":
                self._start(200, {"Transfer-Encoding": "chunked"})
                self._chunk(json.dumps({"type": "ERROR", "object": status}).encode() + b"\n")
                self._chunk(b"")
                return
            extra = {"Retry-After": str(rule.retry_after)} if rule.retry_after else {}
            content = json.dumps(status).encode()
            self._start(rule.code, {**extra, "Content-Length": str(len(content))})
            self.wfile.write(content)

        def _start(self, code: int, headers: dict[str, str]) -> None:
            self.send_response(code)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def _forward(self, body: bytes, rule: Rule | None) -> None:
            server = HTTPConnection(*upstream, timeout=300)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
                server.request(self.command, self.path, body or None, headers)
                response = server.getresponse()
                if rule is None:
                    self._give(response)
                elif rule.does == "drop after":
                    response.read()
                    self.close_connection = True
                else:
                    self._give_unready(response)
            finally:
                server.close()

        def _give(self, response: HTTPResponse) -> None:
            headers = {name: value for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP}
            self.send_response_only(response.status)
            for name, value in headers.items():
                self.send_header(name, value)
            if response.length is not None:
                self.end_headers()
                self.wfile.write(response.read())
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while chunk := response.read1(1 << 16):
                self._chunk(chunk)
            self._chunk(b"")

        def _give_unready(self, response: HTTPResponse) -> None:
            listing = json.loads(response.read())
            for item in listing["items"]:
                item["status"] = {}
            content = json.dumps(listing).encode()
            self._start(response.status, {"Content-Length": str(len(content))})
            self.wfile.write(content)

        def _chunk(self, content: bytes) -> None:
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

        def log_message(self, *_: object) -> None:
            """Nothing: the requests are in the log."""

    return Handler


def _status(code: int) -> dict[str, object]:
    """A Kubernetes `Status` of a failure."""
    reason = _REASONS[code]
    head = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return {**head, "code": code, "reason": reason, "message": f"{reason}, by the test's wish"}
