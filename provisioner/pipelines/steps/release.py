"""The Helm step: what stands in the namespace, and what follows from it.

A release that was ever deployed is never uninstalled to repair it, and no branch of this module deletes a volume.
"""

from dataclasses import dataclass
from enum import Enum

from provisioner import labels
from provisioner.helm import Release, Values, mark_failed, values_digest
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, Wait
from provisioner.pipelines.steps.workloads import WATCHED
from provisioner.values import chart_of, chart_version, values_of
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType, EventType

DEADLINE_SECONDS = 60.0


class Action(Enum):
    """The one thing to do next; after it the release is looked at again."""

    NOTHING = "nothing"
    INSTALL = "install"
    UPGRADE = "upgrade"
    UNLOCK = "unlock"
    REMOVE_RECORD = "remove record"


@dataclass(frozen=True)
class Wanted:
    """What a release must have been made from to be left as it is."""

    values_digest: str
    chart_version: str


def decide(release: Release | None, wanted: Wanted) -> Action:
    """The next action from what is stored. We hold the step's lease, so nobody of ours is at work on a pending one.

    | stored                              | next                                    |
    | nothing                             | install                                 |
    | deployed, as wanted                 | nothing                                 |
    | deployed otherwise, or failed       | upgrade (Helm takes up a failed first)  |
    | superseded only                     | upgrade: its newest revision was lost   |
    | pending-*                           | mark failed, then look again            |
    | uninstalling, never deployed        | finish the uninstall                    |
    | uninstalling, once deployed         | upgrade over it                         |
    """
    if release is None:
        return Action.INSTALL
    if release.status == "deployed":
        found = Wanted(release.values_digest, release.chart_version)
        return Action.NOTHING if found == wanted else Action.UPGRADE
    if release.pending:
        return Action.UNLOCK
    if release.status in ("failed", "superseded"):
        return Action.UPGRADE
    if release.status == "uninstalling" and not release.ever_deployed:
        return Action.REMOVE_RECORD
    return Action.UPGRADE


def deploy(context: Context) -> Done | Wait:
    """Bring the release to what the store's record asks for: one action, then another look."""
    release = context.helm.status(labels.RELEASE, context.store.namespace)
    values = values_of(context.store)
    wanted = Wanted(values_digest(values), chart_version(chart_of(context.store)))
    action = decide(release, wanted)
    if action == Action.NOTHING and _misses_a_workload(context):
        action = Action.UPGRADE
    if action != Action.NOTHING:
        _tell(context, action, release)
        context.lease.check()
        if decide(_act(context, action, values), wanted) != Action.NOTHING:
            return Wait("the Helm release to be deployed", delay=1)
    installed = ConditionChange(ConditionType.HELM_INSTALLED, ConditionStatus.TRUE, "ReleaseDeployed")
    return Done(EventType.HELM_READY, "The Helm release is deployed.", (installed,))


def _act(context: Context, action: Action, values: Values) -> Release | None:
    """Do it; the release as it stands afterwards."""
    helm, namespace, chart = context.helm, context.store.namespace, chart_of(context.store)
    if action == Action.INSTALL:
        return helm.install(labels.RELEASE, namespace, chart, values, deadline=DEADLINE_SECONDS)
    if action == Action.UPGRADE:
        return helm.upgrade(labels.RELEASE, namespace, chart, values, deadline=DEADLINE_SECONDS)
    if action == Action.UNLOCK:
        mark_failed(context.cluster, labels.RELEASE, namespace, why="The worker that ran Helm was lost.")
    elif action == Action.REMOVE_RECORD:
        helm.uninstall(labels.RELEASE, namespace, deadline=DEADLINE_SECONDS)
    return helm.status(labels.RELEASE, namespace)


def _misses_a_workload(context: Context) -> bool:
    """A deployed release says nothing of objects that somebody deleted since; an upgrade puts them back."""
    namespace = context.store.namespace
    return any(context.cluster.get(watched.kind, watched.name, namespace) is None for watched in WATCHED)


def _tell(context: Context, action: Action, release: Release | None) -> None:
    chart = chart_of(context.store).name
    if action == Action.INSTALL:
        context.tell(EventType.HELM_INSTALL, f"Installing chart {chart}.", step="helm")
    else:
        status = release.status if release else "absent"
        message = f"The Helm release is {status}; next: {action.value}."
        context.tell(EventType.HELM_RECOVER, message, step="helm")
