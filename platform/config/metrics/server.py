"""A port on which a worker, beat or the watcher tells what its container has counted, and whether its loops turn.

Served from a thread of the main process: its children come and go. What the database knows is the web process' to tell,
so nothing is asked of it here.
"""

import json
import os
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog
from celery.signals import beat_init, worker_ready
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.metrics import liveness, processes
from config.metrics.access import CHALLENGE, REFUSAL, may_read
from config.metrics.folder import VARIABLE

_PATHS = ("/metrics", "/metrics/")
_LIVE = ("/live", "/live/")
_PATIENCE_SECONDS = 10.0

log = structlog.get_logger(__name__)


class _Scrape(BaseHTTPRequestHandler):
    """`GET /metrics`, `GET /live`, and nothing else."""

    timeout = _PATIENCE_SECONDS

    def do_GET(self) -> None:
        """Prometheus' text format, or whether the process is alive, which is nobody's secret; or a problem document."""
        if self.path in _LIVE:
            self._tell_life()
        elif self.path.partition("?")[0] not in _PATHS:
            self._refuse(404, "not-found", "Not found", f"There is nothing at {self.path}.")
        elif not may_read(self.headers.get("Authorization", "")):
            self._refuse(401, "not-authenticated", "Nobody is logged in", REFUSAL)
        else:
            self._answer(200, CONTENT_TYPE_LATEST, generate_latest(processes.registry()))

    def _tell_life(self) -> None:
        complaints = liveness.PULSE.complaints()
        if complaints:
            self._refuse(503, "hangs", "The process hangs", " ".join(complaints))
        else:
            self._answer(200, "application/json", b'{"status": "alive"}')

    def log_message(self, format: str, *args: Any) -> None:
        """A line for each scrape would be all that the log tells."""

    def _refuse(self, status: int, reason: str, title: str, detail: str) -> None:
        problem = {"type": f"urn:storeplane:problem:{reason}", "title": title, "status": status, "detail": detail}
        self._answer(status, "application/problem+json", json.dumps(problem).encode())

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        if status == 401:  # noqa: PLR2004 - HTTP's own number
            self.send_header("WWW-Authenticate", CHALLENGE)
        self.end_headers()
        self.wfile.write(body)


def serve(**_: object) -> ThreadingHTTPServer | None:
    """Serve at STOREPLANE_METRICS_PORT for as long as the process lives; None when it is 0 or can't be had.

    Several workers of one host share their folder of metrics, and the one that got the port tells for all.
    """
    if not settings.STOREPLANE_METRICS_PORT:
        return None
    if not os.environ.get(VARIABLE):
        log.warning("metrics of a worker's children are missing", why=f"{VARIABLE} is not set")
    address = (settings.STOREPLANE_METRICS_HOST, settings.STOREPLANE_METRICS_PORT)
    try:
        server = ThreadingHTTPServer(address, _Scrape)
    except OSError as error:
        log.warning("metrics not served", host=address[0], port=address[1], why=str(error))
        return None
    # A child of the worker's pool that outlives its parent must not keep the port from the next one.
    os.register_at_fork(after_in_child=server.socket.close)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    log.info("metrics served", host=address[0], port=server.server_port)
    return server


def connect() -> None:
    """Serve from the main process of a worker, and of beat; called where the Celery app is made."""
    liveness.connect()
    worker_ready.connect(serve, weak=False)
    beat_init.connect(serve, weak=False)
