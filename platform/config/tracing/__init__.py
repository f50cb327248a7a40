"""Traces: from a request through each step of the work it asked for to each call to Kubernetes and Helm.

Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` names a collector (OTLP over HTTP). While off, nothing of OpenTelemetry is
imported, and what is below does nothing. The trace of a piece of work stands in its operation's row (`traceparent`, in
W3C's form), never in a message: messages are lost, doubled and sent again by a sweep.

Attributes are names and numbers for whoever looks for a cause. No secret's value and no body belongs in them.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, Protocol

VARIABLE = "OTEL_EXPORTER_OTLP_ENDPOINT"
SWITCH = "OTEL_SDK_DISABLED"
"""OpenTelemetry's own way to switch everything off, whatever else is set."""

Kind = Literal["internal", "server", "client", "consumer"]
Attributes = Mapping[str, str | int | float | bool]


class Span(Protocol):
    """What is being done, while it is being done."""

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits; empty while traces are off."""

    def note(self, attributes: Attributes) -> None:
        """Add to what is known of it."""

    def rename(self, name: str) -> None:
        """Call it otherwise, now that more is known."""

    def fail(self, reason: str) -> None:
        """Mark it as failed. `reason` is a word or two: errors' messages stay in our rows."""


class Recording(Protocol):
    """Records spans. `parent` is a `traceparent`; an empty one means whatever goes on in this thread."""

    def span(self, name: str, attributes: Attributes, parent: str, kind: Kind) -> AbstractContextManager[Span]:
        """See `span`."""

    def leaf(
        self, name: str, attributes: Attributes, expected: tuple[type[Exception], ...]
    ) -> AbstractContextManager[Span]:
        """See `leaf`."""

    def current(self) -> Span:
        """See `current`."""

    def traceparent(self) -> str:
        """See `traceparent`."""

    def close(self) -> None:
        """See `close`."""


class _Nothing:
    """A span while traces are off, and its context."""

    trace_id = ""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to end."""

    def note(self, attributes: Attributes) -> None:
        """See `Span.note`."""

    def rename(self, name: str) -> None:
        """See `Span.rename`."""

    def fail(self, reason: str) -> None:
        """See `Span.fail`."""


NOTHING = _Nothing()
_recording: Recording | None = None


def is_on() -> bool:
    """Whether anything is recorded."""
    return _recording is not None


def span(
    name: str, attributes: Attributes, *, parent: str = "", kind: Kind = "internal"
) -> AbstractContextManager[Span]:
    """A span for the time of a `with`; what begins inside it, in this thread or task, is beneath it.

    An exception that leaves it marks it as failed. Log lines inside carry its `trace_id`.
    """
    return NOTHING if _recording is None else _recording.span(name, attributes, parent, kind)


def leaf(
    name: str, attributes: Attributes, *, expected: tuple[type[Exception], ...] = ()
) -> AbstractContextManager[Span]:
    """A span with nothing beneath it, and none at all where nothing else is recorded (a watch that never ends).

    Unlike `span` it may be left in another order than it was entered, so generators may hold it. The `expected`
    exceptions are answers, not failures.
    """
    return NOTHING if _recording is None else _recording.leaf(name, attributes, expected)


def current() -> Span:
    """The innermost span of this thread or task."""
    return NOTHING if _recording is None else _recording.current()


def traceparent(name: str, attributes: Attributes) -> str:
    """Where later work belongs: to the current span, or to a new one that says what began here. Empty while off."""
    if _recording is None:
        return ""
    here = _recording.traceparent()
    if here:
        return here
    with _recording.span(name, attributes, "", "internal"):
        return _recording.traceparent()


def close() -> None:
    """Send what is left, for two seconds at most; called when the process is about to end."""
    if _recording is not None:
        _recording.close()


@contextmanager
def recorded_by(recording: Recording | None) -> Iterator[None]:
    """Record by this one for the time of a `with`, or by none."""
    global _recording  # noqa: PLW0603 - one for the process, as logging has
    before, _recording = _recording, recording
    try:
        yield
    finally:
        _recording = before


def switch_on(environment: Mapping[str, str]) -> bool:
    """Record from now on if the environment asks for it; whether it does. Called once, before any process forks."""
    global _recording  # noqa: PLW0603 - one for the process, as logging has
    if not environment.get(VARIABLE) or environment.get(SWITCH, "").strip().lower() == "true":
        return False
    from config.tracing.recording import Recorder
    from config.tracing.sending import provider

    _recording = Recorder(provider)
    return True


switch_on(os.environ)
