"""Spans for tests: recorded in memory by OpenTelemetry's own exporter, or received as a collector receives them."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from config import tracing
from config.tracing.recording import Recorder


class Spans:
    """What was recorded so far."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def all(self) -> list[ReadableSpan]:
        """All that have ended, in that order."""
        return list(self._exporter.get_finished_spans())

    def names(self) -> list[str]:
        """Their names."""
        return [span.name for span in self.all()]

    def one(self, name: str) -> ReadableSpan:
        """The only one of a name."""
        (found,) = (span for span in self.all() if span.name == name)
        return found

    def parent_name(self, name: str) -> str | None:
        """The name of the span above that one; None at the top of its trace, or when that wasn't recorded here."""
        parent = self.one(name).parent
        return next((span.name for span in self.all() if parent and span.context.span_id == parent.span_id), None)


@contextmanager
def recorded() -> Iterator[Spans]:
    """Traces are on for the time of a `with`."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with tracing.recorded_by(Recorder(lambda: provider)):
        yield Spans(exporter)


@dataclass(frozen=True)
class Received:
    """A span as a collector sees it; ids in hexadecimal, `parent` empty at the top."""

    name: str
    trace: str
    id: str
    parent: str
    failed: bool
    attributes: Mapping[str, Any]


class Collector:
    """Receives OTLP over HTTP on the loopback address. While `hangs` is set, it takes requests and says nothing."""

    def __init__(self) -> None:
        self.spans: list[Received] = []
        self.requests = 0
        self.hangs = threading.Event()
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def serve(self) -> None:
        """Until `stop`."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Let go of whoever hangs, and end."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: bytes) -> None:
        """Keep what a request holds."""
        message = ExportTraceServiceRequest.FromString(body)
        for resource in message.resource_spans:
            for scope in resource.scope_spans:
                self.spans += [_received(span) for span in scope.spans]


@contextmanager
def collector() -> Iterator[Collector]:
    """One that serves for the time of a `with`."""
    made = Collector()
    thread = threading.Thread(target=made.serve, name="collector", daemon=True)
    thread.start()
    yield made
    made.stop()
    thread.join()


def _handler(collector: Collector) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if collector.hangs.is_set():
                collector.released.wait()
                return
            assert self.path == "/v1/traces"
            collector.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """pytest's output is for failures."""

    return Handler


def _received(span: Any) -> Received:
    attributes = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
    error = 2
    return Received(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.status.code == error,
        attributes,
    )
