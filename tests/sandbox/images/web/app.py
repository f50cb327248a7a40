"""A small HTTP server for tests of the sandbox: answers with facts about itself, and misbehaves on request."""

import http.server
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TextIO


class Handler(http.server.BaseHTTPRequestHandler):
    """`/env`: the environment; `/exit?3`: end with code 3; `/slow`: half a second; `/unready`: unwell from then on."""

    protocol_version = "HTTP/1.1"
    healthy = True

    def do_GET(self) -> None:
        """Answer, or do as the path says."""
        path, _, query = self.path.partition("?")
        if path == "/exit":
            os._exit(int(query))
        if path == "/slow":
            time.sleep(0.5)
        if path == "/unready":
            Handler.healthy = False
        if path == "/read":
            self.answer(200, Path(query).read_text())
        elif path == "/health" and not Handler.healthy:
            self.answer(503, "unwell")
        elif path == "/env":
            self.answer(200, json.dumps(dict(os.environ)))
        elif path == "/headers":
            self.answer(200, json.dumps({name.lower(): value for name, value in self.headers.items()}))
        else:
            self.answer(200, f"{os.environ.get('NAME', '')} {self.path}")

    def do_POST(self) -> None:
        """Echo the body, of a known length or in chunks, in chunks."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        left = int(self.headers.get("Content-Length", 0))
        while True:
            piece = self.rfile.read(min(left, 65536)) if left else self.chunk()
            left -= len(piece) if left else 0
            if not piece:
                break
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self) -> bytes:
        """The next chunk of a chunked body; empty at its end."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return b""
        size = int(self.rfile.readline(), 16)
        piece = self.rfile.read(size)
        self.rfile.readline()
        return piece

    def answer(self, status: int, text: str) -> None:
        """A whole answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


class Server(http.server.ThreadingHTTPServer):
    """Ends only after the requests that it has taken."""

    daemon_threads = False
    request_queue_size = 128


def tell(stream: TextIO, line: str) -> None:
    """A line of the log."""
    stream.write(f"{line}\n")
    stream.flush()


def main() -> None:
    """Serve until SIGTERM, or ignore that when STUBBORN is set."""
    tell(sys.stdout, f"started {os.environ.get('NAME', '')}")
    tell(sys.stderr, "a word on stderr")
    server = Server((os.environ["HOST"], int(os.environ.get("PORT", "8080"))), Handler)

    def stop(*_: object) -> None:
        if "STUBBORN" not in os.environ:
            threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGTERM, stop)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    tell(sys.stdout, "stopped")


if __name__ == "__main__":
    main()
