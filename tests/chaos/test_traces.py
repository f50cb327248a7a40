"""One trace from the POST to the last call, over real processes; and a silent collector that costs nobody anything."""

import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from config import tracing
from provisioner.operations.models import Operation
from provisioner.pipelines.definitions import PROVISION
from tests.chaos.conftest import MakeRig
from tests.chaos.mail import Weather
from tests.chaos.processes import Process
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until
from tests.traces import Collector, Received, collector

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
STEPS = [f"step {step.name}" for step in PROVISION.steps]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Collector]:
    with collector() as made:
        yield made


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig, receiver: Collector) -> Rig:
    return make_rig(Plan(env={tracing.VARIABLE: receiver.endpoint, "STOREPLANE_RESEND_SECONDS": "0.5"}))


@contextmanager
def web(rig: Rig, folder: Path) -> Iterator[httpx.Client]:
    """A client of a web process of that platform."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    argv = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--no-proxy-headers", "--port", str(port)]
    process = Process("web", argv, rig.environment(), folder / "web.log", "Application startup complete")
    process.start()
    try:
        until(process.is_ready, lambda: f"the web process: {process.tail()}", seconds=90)
        yield httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-User-Id": "ada"}, timeout=60)
    finally:
        process.stop()


def ask(client: httpx.Client, name: str, trace: str = TRACE) -> None:
    headers = {"traceparent": f"00-{trace}-{CALLER}-01"}
    answer = client.post("/stores", json={"name": name, "engine": "medusa"}, headers=headers)
    assert answer.status_code == 201, answer.text


def named(spans: Sequence[Received], name: str) -> list[Received]:
    return [span for span in spans if span.name == name]


def test_one_trace_holds_the_post_the_steps_and_what_they_asked_of_kubernetes(
    rig: Rig, receiver: Collector, tmp_path: Path
) -> None:
    name = rig.name("traced")
    with web(rig, tmp_path) as client:
        ask(client, name)
        rig.wait_ready(name)

    spans: list[Received] = []

    def complete() -> bool:
        spans[:] = [span for span in list(receiver.spans) if span.trace == TRACE]
        done = {span.name for span in spans if span.attributes.get("storeplane.result") == "succeeded"}
        return {*STEPS} <= done and bool(named(spans, "POST stores"))

    until(complete, lambda: f"all spans; there are {[span.name for span in spans]}", seconds=60)

    (post,) = named(spans, "POST stores")
    assert (post.parent, post.attributes["http.response.status_code"]) == (CALLER, 201)
    (admission,) = named(spans, "admission")
    assert admission.parent == post.id

    steps = {span.id: span for span in spans if span.name in STEPS}
    assert {span.parent for span in steps.values()} == {post.id}
    assert {span.attributes["storeplane.store"] for span in steps.values()} == {name}
    (operation,) = {span.attributes["storeplane.operation"] for span in steps.values()}
    assert Operation.objects.get(pk=operation).traceparent == f"00-{TRACE}-{post.id}-01"

    (install,) = named(spans, "helm install")
    assert steps[install.parent].name == "step helm"
    calls = [span for span in spans if "k8s.verb" in span.attributes]
    assert {steps[call.parent].name for call in calls} == {*STEPS}
    assert f"store-{name}" in {call.attributes["k8s.object.name"] for call in named(calls, "apply namespaces")}
    assert not [span for span in spans if span.failed]


def test_steps_whose_messages_were_lost_stay_in_the_trace_of_their_request(
    rig: Rig, receiver: Collector, tmp_path: Path
) -> None:
    name, trace = rig.name("unsent"), "5" * 32
    with web(rig, tmp_path) as client, rig.mail.during(Weather.ONLY_SWEEPS):
        ask(client, name, trace)
        rig.wait_ready(name)

    def found() -> set[str]:
        return {span.name for span in list(receiver.spans) if span.trace == trace}

    until(lambda: {*STEPS, "POST stores"} <= found(), lambda: f"all steps; there are {found()}", seconds=60)


def test_a_store_is_ready_though_the_collector_takes_requests_and_says_nothing(
    rig: Rig, receiver: Collector, tmp_path: Path
) -> None:
    receiver.hangs.set()
    name, before = rig.name("unheard"), receiver.requests
    with web(rig, tmp_path) as client:
        ask(client, name)
        rig.wait_ready(name)

    until(lambda: receiver.requests > before, "somebody to try", seconds=60)
    said = "".join(rig.tails().values())
    assert "Traceback" not in said
    assert said.count("traces are dropped") <= len(rig.processes) * 4
