"""Traces as a whole: off they are nothing at all, on they never cost the work anything."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from config import tracing
from config.tracing.sending import PAUSE_SECONDS, Patient
from tests.services import ROOT
from tests.traces import collector, recorded

CALLER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_IMPORTS = "import sys, django; django.setup(); import config.asgi, config.celery, provisioner.pipelines.tasks; "
_LOADED = "print(sorted(name for name in sys.modules if name.startswith('opentelemetry'))[:1])"
_TWO_PROCESSES = """
import os
from config import tracing
with tracing.span("parent", {}):
    pass
child = os.fork()
if child == 0:
    with tracing.span("child", {}):
        pass
    tracing.close()
    os._exit(0)
os.waitpid(child, 0)
"""


def program(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    given = {**kept, "DJANGO_SETTINGS_MODULE": "config.settings", **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=given, timeout=120)


def test_without_a_collector_nothing_of_opentelemetry_is_imported() -> None:
    assert program(_IMPORTS + _LOADED).stdout == "[]\n"


def test_the_one_variable_switches_it_on_and_the_switch_of_opentelemetry_off_again() -> None:
    named = {tracing.VARIABLE: "http://127.0.0.1:1"}
    ask = "from config import tracing; print(tracing.is_on())"
    assert program(ask, **named).stdout == "True\n"
    assert program(ask, **named, OTEL_SDK_DISABLED="true").stdout == "False\n"


def test_while_off_a_span_is_one_object_that_does_nothing() -> None:
    with tracing.recorded_by(None), tracing.span("a", {}) as first, tracing.leaf("b", {}) as second:
        assert first is second is tracing.current() is tracing.NOTHING
        assert tracing.traceparent("a", {}) == ""


def test_a_span_inside_another_is_beneath_it_and_log_lines_carry_their_trace() -> None:
    with recorded() as spans:
        with tracing.span("outer", {}) as outer, tracing.span("inner", {"n": 1}):
            assert get_contextvars()["trace_id"] == outer.trace_id
        assert "trace_id" not in get_contextvars()

    assert spans.parent_name("inner") == "outer"
    assert spans.parent_name("outer") is None
    assert dict(spans.one("inner").attributes or {}) == {"n": 1}


def test_a_parent_that_is_named_comes_before_what_goes_on_here_which_is_linked() -> None:
    with recorded() as spans, tracing.span("around", {}), tracing.span("step", {}, parent=CALLER):
        pass

    step = spans.one("step")
    assert step.parent is not None
    assert format(step.parent.trace_id, "032x") == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert format(step.parent.span_id, "016x") == "00f067aa0ba902b7"
    assert [link.context.span_id for link in step.links] == [spans.one("around").context.span_id]


@pytest.mark.parametrize("broken", ["nonsense", "00-0-0-01", "00-" + "0" * 32 + "-00f067aa0ba902b7-01"])
def test_a_parent_that_is_none_begins_a_trace(broken: str) -> None:
    with recorded() as spans, tracing.span("request", {}, parent=broken):
        pass

    assert spans.one("request").parent is None


def test_an_error_is_told_by_its_type_and_never_by_its_message() -> None:
    with recorded() as spans, pytest.raises(ValueError, match="hunter2"), tracing.span("request", {}):
        raise ValueError("hunter2")

    span = spans.one("request")
    assert (span.status.is_ok, dict(span.attributes or {})) == (False, {"error.type": "ValueError"})
    assert "hunter2" not in span.to_json()


def test_a_leaf_is_recorded_only_where_something_is_going_on() -> None:
    with recorded() as spans:
        with tracing.leaf("watch", {}):
            pass
        with tracing.span("step", {}), tracing.leaf("get", {}):
            pass

    assert spans.names() == ["get", "step"]


def test_work_that_nobody_asked_for_begins_a_trace_that_says_where_it_comes_from() -> None:
    with recorded() as spans:
        parent = tracing.traceparent("heal asked for", {})

    assert parent.split("-")[1] == format(spans.one("heal asked for").context.trace_id, "032x")


def test_a_forked_child_sends_its_own_spans() -> None:
    with collector() as receiver:
        program(_TWO_PROCESSES, **{tracing.VARIABLE: receiver.endpoint})

    assert sorted(span.name for span in receiver.spans) == ["child", "parent"]


def test_a_process_ends_though_its_collector_is_silent() -> None:
    with collector() as receiver:
        receiver.hangs.set()
        program("from config import tracing\nwith tracing.span('a', {}): pass", **{tracing.VARIABLE: receiver.endpoint})

        assert receiver.requests == 1


class Weather(SpanExporter):
    """Fails while it is bad."""

    def __init__(self) -> None:
        self.bad, self.asked = True, 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.asked += 1
        return SpanExportResult.FAILURE if self.bad else SpanExportResult.SUCCESS


def test_a_collector_that_is_away_is_asked_rarely_and_told_of_once() -> None:
    now, weather = [0.0], Weather()
    patient = Patient(weather, clock=lambda: now[0])
    with capture_logs() as lines:
        for now[0] in (0.0, 1.0, PAUSE_SECONDS - 1, PAUSE_SECONDS, PAUSE_SECONDS + 1):
            assert patient.export([]) == SpanExportResult.SUCCESS
        assert weather.asked == 2

        weather.bad, now[0] = False, 2 * PAUSE_SECONDS
        patient.export([])
        patient.export([])

    assert weather.asked == 4
    assert [line["event"] for line in lines] == [
        "traces are dropped: the collector does not take them",
        "traces are taken again",
    ]
