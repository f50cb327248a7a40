"""Spans by OpenTelemetry's own library. Imported only when traces are on."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config.tracing import NOTHING, Attributes, Kind, Span

_KINDS = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
}
_FIELD = "traceparent"
_propagator = TraceContextTextMapPropagator()


class _Recorded:
    """A `Span` that is recorded."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    @property
    def trace_id(self) -> str:
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    def note(self, attributes: Attributes) -> None:
        self._span.set_attributes(attributes)

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def fail(self, reason: str) -> None:
        self._span.set_attribute("error.type", reason)
        self._span.set_status(Status(StatusCode.ERROR, reason))


class Recorder:
    """A `Recording`. Each process has a provider of its own, since a fork leaves the exporter's thread behind."""

    def __init__(self, make: Callable[[], TracerProvider]) -> None:
        self._make = make
        self._providers: dict[int, TracerProvider] = {}

    @contextmanager
    def span(self, name: str, attributes: Attributes, parent: str, kind: Kind) -> Iterator[Span]:
        """See `config.tracing.span`. A parent that differs from what goes on here is kept, and this one linked."""
        around = trace.get_current_span().get_span_context()
        context = _propagator.extract({_FIELD: parent}) if parent else None
        links = [Link(around)] if context is not None and around.is_valid else None
        begun = self._tracer().start_span(name, context, _KINDS[kind], attributes, links)
        token = contexts.attach(trace.set_span_in_context(begun))
        recorded = _Recorded(begun)
        try:
            with structlog.contextvars.bound_contextvars(trace_id=recorded.trace_id):
                yield recorded
        except Exception as error:
            recorded.fail(type(error).__name__)
            raise
        finally:
            contexts.detach(token)
            begun.end()

    @contextmanager
    def leaf(self, name: str, attributes: Attributes, expected: tuple[type[Exception], ...]) -> Iterator[Span]:
        """See `config.tracing.leaf`."""
        if not trace.get_current_span().is_recording():
            yield NOTHING
            return
        begun = self._tracer().start_span(name, None, SpanKind.CLIENT, attributes)
        recorded = _Recorded(begun)
        try:
            yield recorded
        except Exception as error:
            if not isinstance(error, expected):
                recorded.fail(type(error).__name__)
            raise
        finally:
            begun.end()

    def current(self) -> Span:
        """See `config.tracing.current`."""
        return _Recorded(trace.get_current_span())

    def traceparent(self) -> str:
        """The current span in W3C's form, empty without one."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier)
        return carrier.get(_FIELD, "")

    def close(self) -> None:
        """See `config.tracing.close`."""
        provider = self._providers.pop(os.getpid(), None)
        if provider is not None:
            provider.shutdown()

    def _tracer(self) -> trace.Tracer:
        # Two threads that come first at once may each make one; both then use the same.
        process = os.getpid()
        found = self._providers.get(process) or self._providers.setdefault(process, self._make())
        return found.get_tracer("storeplane")
