"""How spans leave the process: in the background, a bounded number of them, and never at the cost of the work.

A collector that is away or silent is asked again every half minute, and what is recorded meanwhile is dropped. That is
said once in the log, and once more when it is back.
"""

import atexit
import logging
import os
import time
from collections.abc import Callable, Sequence

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from config import tracing
from config.version import VERSION

TIMEOUT_SECONDS = 2.0
"""For one request to the collector, and so the longest that an ending process waits for it."""

PAUSE_SECONDS = 30.0
QUEUE_SPANS = 2048
BATCH_SPANS = 256
DELAY_MILLISECONDS = 500
"""How long a span waits for company. A worker that is killed loses what it recorded in that time."""

log = structlog.get_logger(__name__)


class Patient(SpanExporter):
    """Hands spans to another exporter, and drops them for a while after that has failed."""

    def __init__(self, inner: SpanExporter, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner, self._clock = inner, clock
        self._failed_at: float | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Success, also by silence: the processor would only log a failure."""
        if self._failed_at is not None and self._clock() - self._failed_at < PAUSE_SECONDS:
            return SpanExportResult.SUCCESS
        if self._inner.export(spans) == SpanExportResult.SUCCESS:
            if self._failed_at is not None:
                log.info("traces are taken again")
            self._failed_at = None
        else:
            if self._failed_at is None:
                log.warning("traces are dropped: the collector does not take them", again_in=PAUSE_SECONDS)
            self._failed_at = self._clock()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Let the other one go."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return True


def provider() -> TracerProvider:
    """A provider for this process that sends to the collector the environment names."""
    # Its complaints come once for each batch; ours come once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    named = "OTEL_EXPORTER_OTLP_TIMEOUT" in os.environ or "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT" in os.environ
    exporter = OTLPSpanExporter(timeout=None if named else TIMEOUT_SECONDS)
    # The library would wait at the exit for as long as 30 s.
    made = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    made.add_span_processor(
        BatchSpanProcessor(
            Patient(exporter),
            max_queue_size=QUEUE_SPANS,
            schedule_delay_millis=DELAY_MILLISECONDS,
            max_export_batch_size=BATCH_SPANS,
        )
    )
    atexit.register(tracing.close)
    return made


def _resource() -> Resource:
    """Who sends; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say it otherwise or say more."""
    named = os.environ.get("OTEL_SERVICE_NAME") or "storeplane"
    return Resource.create({"service.name": named, "service.version": VERSION, "process.pid": os.getpid()})
