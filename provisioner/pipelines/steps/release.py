"""The Helm step: what stands in the namespace, and what follows from it.

Nothing is ever uninstalled to repair it, and no branch of this module deletes a volume.
"""

from dataclasses import dataclass
from enum import Enum

from django.db import transaction

from provisioner import labels
from provisioner.drift import desired, findings, ports
from provisioner.drift.desired import HELM_MANAGER
from provisioner.helm import TAKEN_UP, Release, Values, mark_failed, values_digest
from provisioner.operations.models import OperationKind
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, Wait
from provisioner.pipelines.steps.workloads import WATCHED
from provisioner.values import chart_of, chart_version, values_of
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType, EventType
from stores.models import Store

DEADLINE_SECONDS = 60.0
MOST_ACTIONS = 3
"""In one claim. The longest way is: mark failed, upgrade, and see that it is deployed."""


class Action(Enum):
    """The one thing to do next; after it the release is looked at again."""

    NOTHING = "nothing"
    INSTALL = "install"
    UPGRADE = "upgrade"
    MARK_FAILED = "mark failed"


@dataclass(frozen=True)
class Wanted:
    """What a release must have been made from to be left as it is."""

    values_digest: str
    chart_version: str


def decide(release: Release | None, wanted: Wanted) -> Action:
    """The next action from what is stored. We hold the step's lease, so nobody of ours is at work on a pending one.

    | stored                                            | next                                   |
    | nothing                                           | install                                |
    | deployed, as wanted                               | nothing                                |
    | deployed otherwise                                | upgrade                                |
    | failed (also a first install)                     | upgrade                                |
    | superseded only: the newest revision was lost     | upgrade                                |
    | pending-*: its Helm was killed                    | mark failed, then look again           |
    | uninstalling, uninstalled, and what Helm may add  | mark failed, then look again           |
    """
    if release is None:
        return Action.INSTALL
    if release.status == "deployed":
        found = Wanted(release.values_digest, release.chart_version)
        return Action.NOTHING if found == wanted else Action.UPGRADE
    return Action.UPGRADE if release.status in TAKEN_UP else Action.MARK_FAILED


def deploy(context: Context) -> Done | Wait:
    """Bring the release to what the store's record asks for: look, act once, look again."""
    values = values_of(context.store)
    if context.operation.kind == OperationKind.RECONCILE:
        ports.put_all_back(context.cluster, context.store, context.lease.check)
    wanted = Wanted(values_digest(values), chart_version(chart_of(context.store)))
    release = context.helm.status(labels.RELEASE, context.store.namespace)
    for _ in range(MOST_ACTIONS):
        action = decide(release, wanted)
        if action == Action.NOTHING:
            return _deployed(context, release)
        _tell(context, action, release)
        context.lease.check()
        release = _act(context, action, values)
    if decide(release, wanted) == Action.NOTHING:
        return _deployed(context, release)
    return Wait("the Helm release to be deployed", delay=1)


def _deployed(context: Context, release: Release | None) -> Done:
    if release is not None:
        desired.remember(context.cluster, context.store, release)
    if context.operation.kind == OperationKind.RECONCILE or _misses_a_workload(context):
        _restore(context)
        _close_findings(context)
    installed = ConditionChange(ConditionType.HELM_INSTALLED, ConditionStatus.TRUE, "ReleaseDeployed")
    drifted = findings.condition(context.store)
    return Done(EventType.HELM_READY, "The Helm release is deployed.", (installed, drifted))


def _close_findings(context: Context) -> None:
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=context.store.pk)
        context.lease.check()
        findings.close_all(context.operation)


def _act(context: Context, action: Action, values: Values) -> Release | None:
    """Do it; the release as it stands afterwards."""
    helm, namespace, chart = context.helm, context.store.namespace, chart_of(context.store)
    # What `helm history` shows; an annotation on the objects would make a new revision of each request.
    why = f"Request {context.operation.request_id or '-'}."
    if action == Action.INSTALL:
        return helm.install(labels.RELEASE, namespace, chart, values, deadline=DEADLINE_SECONDS, description=why)
    if action == Action.UPGRADE:
        return helm.upgrade(labels.RELEASE, namespace, chart, values, deadline=DEADLINE_SECONDS, description=why)
    mark_failed(context.cluster, labels.RELEASE, namespace, why="The worker that ran Helm was lost.")
    return helm.status(labels.RELEASE, namespace)


def _misses_a_workload(context: Context) -> bool:
    """A deployed release says nothing of objects that somebody deleted since."""
    namespace = context.store.namespace
    return any(context.cluster.get(watched.kind, watched.name, namespace) is None for watched in WATCHED)


def _restore(context: Context) -> None:
    """Apply the release's own manifest again: what is missing or changed is put back, the rest isn't touched.

    By Helm's own field manager, so that its next upgrade finds its fields as it left them. A StatefulSet that is made
    anew finds its volume by the claim's name.
    """
    for manifest in context.helm.manifest(labels.RELEASE, context.store.namespace):
        context.lease.check()
        context.cluster.apply(manifest, field_manager=HELM_MANAGER)


def _tell(context: Context, action: Action, release: Release | None) -> None:
    if action == Action.INSTALL:
        message = f"Installing chart {chart_of(context.store).name}."
        context.tell(EventType.HELM_INSTALL, message, step="helm")
    else:
        status = release.status if release else "absent"
        message = f"The Helm release is {status}; next: {action.value}."
        context.tell(EventType.HELM_RECOVER, message, step="helm")
