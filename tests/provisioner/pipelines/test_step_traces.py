"""What a trace tells of steps: whose they are, how they ended, and what they asked Kubernetes and Helm for."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone
from opentelemetry.sdk.trace import ReadableSpan

from config import tracing
from provisioner.cluster import Cluster, Forbidden
from provisioner.cluster.kinds import NAMESPACE, SECRET
from provisioner.drift.tasks import sweep_drift
from provisioner.helm.actions import Action, ReleaseActions
from provisioner.helm.errors import HelmFailed
from provisioner.helm.process import environment
from provisioner.operations import admission, transitions
from provisioner.operations.models import Operation, OperationKind
from provisioner.pipelines import chain, runner
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.choices import EventType
from tests.provisioner.factories import StoreFactory, operation
from tests.provisioner.fake_api import Asked, FakeApi, Reply, fake_api, kubeconfig, status
from tests.traces import Spans, recorded

pytestmark = pytest.mark.django_db(transaction=True)

Act = Callable[[Context], Done | Wait]


@pytest.fixture(autouse=True)
def unsent() -> Iterator[None]:
    with patch.object(chain, "_send", lambda _operation_id, _countdown: None):
        yield


@pytest.fixture
def spans() -> Iterator[Spans]:
    with recorded() as made:
        yield made


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    with fake_api(lambda _: Reply(body={"kind": "Secret", "metadata": {}})) as server:
        monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, f"http://127.0.0.1:{server.port}", "my-token")))
        yield server


def asked_for(kind: OperationKind = OperationKind.PROVISION) -> Operation:
    """An operation that a request has made."""
    with tracing.span("POST stores", {}):
        return operation(StoreFactory(), kind)


def done(_: Context) -> Done:
    return Done(EventType.NAMESPACE_READY, "Done.")


def link(running: Operation, act: Act, name: str = "namespace") -> None:
    runner.run_link(running.pk, name, {name: act})


def told(span: ReadableSpan) -> dict[str, Any]:
    own = dict(span.attributes or {})
    return {name.removeprefix("storeplane."): value for name, value in own.items()}


def test_a_step_is_beneath_the_request_that_asked_for_it_wherever_it_is_run(spans: Spans) -> None:
    running = asked_for()

    link(running, done)

    assert spans.parent_name("step namespace") == "POST stores"
    assert told(spans.one("step namespace")) == {
        "operation": str(running.pk),
        "operation_kind": "provision",
        "generation": 1,
        "request_id": "",
        "store": running.store.name,
        "step": "namespace",
        "attempt": 1,
        "claims": 1,
        "fence": 1,
        "taken_from": "",
        "result": "succeeded",
    }


def test_a_step_that_waits_says_for_what(spans: Spans) -> None:
    link(asked_for(), lambda _: Wait("the moon", delay=0))

    step = told(spans.one("step namespace"))
    assert (step["result"], step["waiting_for"]) == ("waiting", "the moon")


def test_a_step_that_failed_says_so_by_its_reason_and_its_next_attempt_has_the_next_number(spans: Spans) -> None:
    running = asked_for()

    def fail(_: Context) -> Done:
        raise ConnectionResetError("hunter2")

    link(running, fail)
    running.steps.update(due_at=None)
    link(running, done)

    first, second = (span for span in spans.all() if span.name == "step namespace")
    assert (told(first)["result"], first.status.description, told(first)["attempt"]) == (
        "failed",
        "ConnectionResetError",
        1,
    )
    assert (told(second)["result"], told(second)["attempt"], told(second)["fence"]) == ("succeeded", 2, 2)
    assert "hunter2" not in first.to_json()


def test_an_end_for_good_is_told_by_its_reason(spans: Spans) -> None:
    def fail(_: Context) -> Done:
        raise StepFailed("ChartInvalid", "The chart is broken.")

    link(asked_for(), fail)

    assert spans.one("step namespace").status.description == "ChartInvalid"


def test_a_step_that_was_taken_over_names_whom_it_was_taken_from(spans: Spans) -> None:
    running = asked_for()
    silent = timezone.now() - timedelta(hours=1)
    running.steps.filter(name="namespace").update(
        state="running", owner="elsewhere:1:2:3", heartbeat_at=silent, fence=7, claims=1
    )

    link(running, done)

    step = told(spans.one("step namespace"))
    assert (step["taken_from"], step["fence"], step["claims"]) == ("elsewhere:1:2:3", 8, 2)


def test_an_owner_that_lost_its_lease_says_so(spans: Spans) -> None:
    running = asked_for()

    def cancelled(_: Context) -> Done:
        transitions.cancel(Operation.objects.get(pk=running.pk))
        return done(_)

    link(running, cancelled)

    assert told(spans.one("step namespace"))["result"] == "lease lost"


def test_admission_belongs_to_the_request_that_has_waited(spans: Spans) -> None:
    with tracing.span("POST stores", {}):
        queued = operation(StoreFactory(), running=False)

    assert admission.admit() == [queued.pk]

    assert spans.parent_name("admission") == "POST stores"
    assert told(spans.one("admission"))["queued_seconds"] >= 0


def test_what_nobody_asked_for_is_one_trace_all_the_same(spans: Spans) -> None:
    running = operation(StoreFactory(), OperationKind.HEAL)

    link(running, done, "heal")

    assert spans.parent_name("step heal") == "heal asked for"


def test_kubernetes_calls_are_beneath_their_step_and_tell_no_content(spans: Spans, api: FakeApi) -> None:
    def act(_: Context) -> Done:
        with suppress(Forbidden):
            Cluster().get(NAMESPACE, "x")
        Cluster().apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n"}, "data": {}})
        return done(_)

    def answer(asked: Asked) -> Reply:
        if asked.method == "GET":
            return Reply(403, status(403, "Forbidden", "No."))
        return Reply(body={"kind": "Secret", "metadata": {"name": "s"}, "data": {"PASSWORD": "aHVudGVyMg=="}})

    api.script = answer
    link(asked_for(), act)

    assert spans.parent_name("get namespaces") == spans.parent_name("apply secrets") == "step namespace"
    assert spans.one("get namespaces").status.description == "Forbidden"
    assert dict(spans.one("apply secrets").attributes or {}) == {
        "http.request.method": "PATCH",
        "k8s.verb": "apply",
        "k8s.resource": "secrets",
        "k8s.object.name": "s",
        "k8s.namespace.name": "n",
        "http.response.status_code": 200,
    }
    assert not any("aHVudGVyMg" in span.to_json() for span in spans.all())


def test_that_an_object_is_not_there_is_an_answer_and_no_failure(spans: Spans, api: FakeApi) -> None:
    api.script = lambda _: Reply(404, status(404, "NotFound", "No."))
    with tracing.span("step", {}):
        assert Cluster().get(SECRET, "s", "n") is None

    span = spans.one("get secrets")
    assert span.status.is_unset
    assert (span.attributes or {})["http.response.status_code"] == 404


def test_a_call_outside_of_any_work_is_not_recorded(spans: Spans, api: FakeApi) -> None:
    Cluster().get(SECRET, "s", "n")

    assert spans.names() == []


def test_a_helm_action_tells_its_release_and_never_its_values(spans: Spans, api: FakeApi) -> None:
    class Broken:
        def run(self, action: Action) -> str:
            raise HelmFailed(f"failed with {action.values}")

    with tracing.span("step", {}), pytest.raises(HelmFailed):
        ReleaseActions(Cluster(), Broken()).install(
            "shop", "store-shop", Path("/charts/medusa"), {"password": "hunter2"}
        )

    span = spans.one("helm install")
    assert (span.attributes or {})["helm.release"] == "shop"
    assert span.status.description == "HelmFailed"
    assert "hunter2" not in span.to_json()


def test_helm_is_not_told_where_traces_go_nor_by_which_login() -> None:
    assert environment({"OTEL_EXPORTER_OTLP_HEADERS": "authorization=hunter2", "PATH": "/bin"}) == {"PATH": "/bin"}


def test_a_sweep_of_drift_is_a_trace_of_its_own(spans: Spans, api: FakeApi) -> None:
    sweep_drift()

    assert spans.parent_name("drift sweep") is None
    assert told(spans.one("drift sweep")) == {"suspects": 0}
