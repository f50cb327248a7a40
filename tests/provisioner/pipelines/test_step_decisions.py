"""What each step makes of what it sees, as tables: the namespace, the workloads, and what is asked to go."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioner import labels
from provisioner.pipelines.context import SLICE_SECONDS
from provisioner.pipelines.steps import leaving, namespace, workloads
from provisioner.pipelines.steps.leaving import Leaving
from provisioner.pipelines.steps.namespace import Action, Left, Standing
from provisioner.pipelines.steps.workloads import Verdict
from stores.models import Store
from tenants.models import Tenant

OURS = {"metadata": {"labels": {labels.STORE_LABEL: "tea"}}}
GOING = {"metadata": {"labels": {labels.STORE_LABEL: "tea"}, "deletionTimestamp": "2026-01-01T00:00:00Z"}}


def _of_tenant(slug: str) -> dict[str, Any]:
    return {"metadata": {**OURS["metadata"], "annotations": {labels.TENANT: slug}}}


STANDINGS = {
    "nothing": (None, Standing.ABSENT),
    "ours": (OURS, Standing.OURS),
    "on its way out": (GOING, Standing.LEAVING),
    "without labels": ({"metadata": {}}, Standing.FOREIGN),
    "ours, and says of which tenant": (_of_tenant("ann"), Standing.OURS),
    "of another tenant's store of that name": (_of_tenant("ben"), Standing.FOREIGN),
    "of another store": ({"metadata": {"labels": {labels.STORE_LABEL: "coffee"}}}, Standing.FOREIGN),
}


@pytest.mark.parametrize(("found", "expected"), STANDINGS.values(), ids=STANDINGS.keys())
def test_a_namespace_is_judged_by_what_it_says_of_itself_alone(
    found: dict[str, Any] | None, expected: Standing
) -> None:
    assert namespace.judge(found, Store(name="tea", tenant=Tenant(slug="ann"))) == expected


WHOLE = Left(secret={"A": "1"}, copy={"A": "1"}, claims=True)
VOLUME = {"metadata": {"name": "pvc-1"}}


@pytest.mark.parametrize(
    ("standing", "left", "expected"),
    [
        (Standing.ABSENT, None, Action.MAKE),
        (Standing.LEAVING, None, Action.WAIT),
        (Standing.FOREIGN, None, Action.REFUSE),
        (Standing.OURS, None, Action.KEEP),
        (Standing.LEAVING, WHOLE, Action.WAIT),
        (Standing.FOREIGN, WHOLE, Action.REFUSE),
        (Standing.OURS, WHOLE, Action.KEEP),
        (Standing.OURS, replace(WHOLE, secret=None), Action.KEEP),
        (Standing.OURS, replace(WHOLE, copy=None), Action.KEEP),
        (Standing.OURS, replace(WHOLE, secret=None, copy=None), Action.SECRET_LOST),
        (Standing.OURS, replace(WHOLE, claims=False), Action.DATA_LOST),
        (Standing.OURS, replace(WHOLE, claims=False, volumes=[VOLUME]), Action.KEEP),
        (Standing.ABSENT, Left(None, {"A": "1"}, claims=False, volumes=[VOLUME]), Action.MAKE),
        (Standing.ABSENT, Left(None, {"A": "1"}, claims=False), Action.DATA_LOST),
        (Standing.ABSENT, Left(None, {"A": "1"}, claims=False, bound=True), Action.WAIT),
        (Standing.OURS, replace(WHOLE, claims=False, bound=True), Action.WAIT),
        (Standing.ABSENT, Left(None, None, claims=False, volumes=[VOLUME]), Action.SECRET_LOST),
    ],
)
def test_what_follows_for_the_namespace(standing: Standing, left: Left | None, expected: Action) -> None:
    assert namespace.decide(standing, left) == expected


def workload(*, ready: int, observed: int = 1) -> dict[str, Any]:
    counts = {"replicas": 1, "readyReplicas": ready, "updatedReplicas": 1}
    status = {**counts, "observedGeneration": observed}
    return {"metadata": {"generation": 1}, "spec": {"replicas": 1}, "status": status}


def pod(reason: str) -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": "see above"}}
    return {"status": {"containerStatuses": [{"name": "backend", "state": state}]}}


WORKLOADS: dict[str, tuple[Any, list[Any], Verdict, str]] = {
    "ready": (workload(ready=1), [], Verdict.READY, ""),
    "not there": (None, [], Verdict.WAIT, "the backend's pod to be made"),
    "of an older generation": (workload(ready=1, observed=0), [], Verdict.WAIT, "the backend's pod to be made"),
    "starting": (
        workload(ready=0),
        [pod("ContainerCreating")],
        Verdict.WAIT,
        "the backend to answer its readiness probe",
    ),
    "crashing: that may pass": (
        workload(ready=0),
        [pod("CrashLoopBackOff")],
        Verdict.WAIT,
        "the backend: container backend is in CrashLoopBackOff",
    ),
    "an image that can't be": (
        workload(ready=0),
        [pod("InvalidImageName")],
        Verdict.HOPELESS,
        "The backend can't start: InvalidImageName in container backend: see above.",
    ),
}


@pytest.mark.parametrize(("found", "pods", "verdict", "sentence"), WORKLOADS.values(), ids=WORKLOADS.keys())
def test_a_workload_is_judged_by_its_status_and_its_pods(
    found: Any, pods: list[Any], verdict: Verdict, sentence: str
) -> None:
    assert workloads.judge(found, pods, "backend") == (verdict, sentence)


class Mended:
    """Stands in for the cluster: a Deployment whose image name was mended, and the pod that an update still keeps."""

    def get(self, *_: object) -> dict[str, Any]:
        return {"spec": {"template": {"spec": {"containers": [{"name": "medusa", "image": "shop:2"}]}}}}

    def list(self, *_: object, **__: object) -> list[dict[str, Any]]:
        waiting = {"reason": "InvalidImageName", "message": "couldn't parse it"}
        status = {"containerStatuses": [{"name": "medusa", "state": {"waiting": waiting}}]}
        return [{"metadata": {}, "spec": {"containers": [{"name": "medusa", "image": "Shop:1"}]}, "status": status}]


def test_a_broken_pod_that_an_update_is_about_to_replace_is_nobodys_verdict() -> None:
    cluster: Any = Mended()
    context: Any = SimpleNamespace(cluster=cluster, store=SimpleNamespace(namespace="store-tea"))
    pods = workloads._pods(context, workloads.BACKEND, cluster.get())
    assert workloads.judge(None, pods, "backend") == (Verdict.WAIT, "the backend's pod to be made")


@pytest.mark.parametrize(
    ("finalizers", "expected"),
    [
        (["kubernetes.io/pvc-protection"], True),
        (["kubernetes.io/pvc-protection", "example.com/backup"], False),
        (["example.com/backup"], False),
        (None, False),
    ],
)
def test_a_claim_is_in_use_when_only_its_pods_keep_it(finalizers: list[str] | None, expected: bool) -> None:
    assert leaving.is_in_use({"metadata": {"finalizers": finalizers}}) is expected
    assert not leaving.is_in_use(None)


BLOCKERS: dict[str, tuple[Any, str]] = {
    "gone meanwhile": (None, ""),
    "says nothing": ({"metadata": {}}, ""),
    "a finalizer": (
        {"metadata": {"finalizers": ["kubernetes.io/pvc-protection", "example.com/hold"]}},
        "held by the finalizer(s) kubernetes.io/pvc-protection, example.com/hold",
    ),
    "a namespace with something left in it": (
        {
            "metadata": {"finalizers": []},
            "status": {
                "conditions": [
                    {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "All fine"},
                    {"type": "NamespaceContentRemaining", "status": "True", "message": "1 widget is left"},
                    {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "example.com/hold in 1"},
                ]
            },
        },
        "1 widget is left; example.com/hold in 1",
    ),
    "an API group that can't be asked": (
        {
            "metadata": {},
            "status": {
                "conditions": [
                    {"type": "NamespaceDeletionDiscoveryFailure", "status": "True", "message": "metrics.k8s.io is away"}
                ]
            },
        },
        "metrics.k8s.io is away",
    ),
}


@pytest.mark.parametrize(("found", "expected"), BLOCKERS.values(), ids=BLOCKERS.keys())
def test_what_does_not_go_is_asked_what_holds_it(found: Any, expected: str) -> None:
    assert leaving.blocker(found) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ([], Leaving.GONE),
        ([OURS], Leaving.THERE),
        ([GOING], Leaving.ASKED),
        ([GOING, OURS], Leaving.THERE),
    ],
)
def test_what_is_left_is_asked_to_go_once_and_then_watched(left: list[Any], expected: Leaving) -> None:
    assert leaving.judge(left) == expected


@given(st.floats(0, 10**7))
def test_a_removal_that_is_stuck_never_keeps_a_worker_for_long(spent: float) -> None:
    pace = leaving.pace(spent)

    assert 0 < pace.watch <= SLICE_SECONDS / 4
    assert 0 <= pace.delay <= 15
    assert spent < 60 or pace.watch <= 0.5


def test_only_volumes_of_the_namespace_that_go_with_their_claim_are_waited_for() -> None:
    def volume(name: str, of: str, policy: str) -> dict[str, Any]:
        spec = {"claimRef": {"namespace": of}, "persistentVolumeReclaimPolicy": policy}
        return {"metadata": {"name": name}, "spec": spec}

    volumes = [volume("a", "store-tea", "Delete"), volume("b", "store-tea", "Retain"), volume("c", "other", "Delete")]
    unbound: dict[str, Any] = {"metadata": {"name": "d"}, "spec": {}}

    found = leaving.volumes_of([*volumes, unbound], "store-tea")

    assert [each["metadata"]["name"] for each in found] == ["a"]
