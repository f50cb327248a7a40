"""The database, backend and storefront steps: they only watch. Readiness is the workload's own word, by its probes."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from provisioner import superseding, workloads
from provisioner.cluster import Kind, Manifest
from provisioner.cluster.kinds import DEPLOYMENT, POD, STATEFUL_SET
from provisioner.drift import claimed
from provisioner.pipelines.context import SLICE_SECONDS, Context
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType, EventType


@dataclass(frozen=True)
class Watched:
    """A workload that a step waits for, and what to say once it is ready."""

    kind: Kind
    name: str
    component: str
    condition: ConditionType
    event: EventType
    message: str


DATABASE = Watched(
    STATEFUL_SET,
    "postgres",
    "database",
    ConditionType.DATABASE_READY,
    EventType.DB_READY,
    "The database accepts connections.",
)
BACKEND = Watched(
    DEPLOYMENT,
    "backend",
    "backend",
    ConditionType.BACKEND_READY,
    EventType.BACKEND_READY,
    "The backend answers the Store API.",
)
STOREFRONT = Watched(
    DEPLOYMENT,
    "storefront",
    "storefront",
    ConditionType.STOREFRONT_READY,
    EventType.STOREFRONT_READY,
    "The shop's pages are served.",
)
WATCHED = (DATABASE, BACKEND, STOREFRONT)


def database(context: Context) -> Done | Wait:
    """Wait for PostgreSQL, and write down which volume it has."""
    result = _watch(context, DATABASE)
    if isinstance(result, Done):
        claimed.remember(context.cluster, context.store)
    return result


def backend(context: Context) -> Done | Wait:
    """Wait for the backend, whose readiness probe asks the Store API."""
    return _watch(context, BACKEND)


def storefront(context: Context) -> Done | Wait:
    """Wait for the shop, whose readiness probe asks for a page."""
    return _watch(context, STOREFRONT)


class Verdict(Enum):
    """What a look at a workload and its pods means."""

    READY = "ready"
    WAIT = "wait"
    HOPELESS = "hopeless"


def judge(workload: Manifest | None, pods: Sequence[Manifest], component: str) -> tuple[Verdict, str]:
    """Decide from the objects alone; the sentence says what is waited for, or why no waiting can help."""
    if workloads.is_ready(workload):
        return Verdict.READY, ""
    hopeless = workloads.hopeless_reason(pods)
    if hopeless:
        return Verdict.HOPELESS, f"The {component} can't start: {hopeless}."
    return Verdict.WAIT, workloads.describe(pods, component, workload)


def _watch(context: Context, watched: Watched) -> Done | Wait:
    namespace = context.store.namespace
    found = context.cluster.wait_for(watched.kind, watched.name, namespace, workloads.is_ready, timeout=SLICE_SECONDS)
    # What was waited for may have come since, or may have been of a moment ago: it is judged as it was seen.
    workload = found or context.cluster.get(watched.kind, watched.name, namespace)
    pods = [] if found else _pods(context, watched, workload)
    verdict, sentence = judge(workload, pods, watched.component)
    if verdict == Verdict.HOPELESS:
        raise StepFailed("WorkloadFailed", sentence)
    if verdict == Verdict.WAIT:
        return Wait(sentence)
    ready = ConditionChange(watched.condition, ConditionStatus.TRUE, "WorkloadReady")
    return Done(watched.event, watched.message, (ready,))


def _pods(context: Context, watched: Watched, workload: Manifest | None) -> list[Manifest]:
    """Those of the component that count: not what an update is about to replace, nor what only we would replace."""
    cluster, namespace = context.cluster, context.store.namespace
    pods = list(cluster.list(POD, namespace, label_selector=f"app.kubernetes.io/component={watched.component}"))
    if watched.kind != STATEFUL_SET:
        return [pod for pod in pods if workloads.is_of_present_template(workload, pod)]
    gone = superseding.superseded(workload, pods)
    superseding.replace(cluster, gone, context.lease.check)
    return [pod for pod in pods if pod not in gone]
