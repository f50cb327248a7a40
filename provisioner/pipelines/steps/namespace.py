"""The namespace and the store's Secret in it: a store's first objects, and the only ones that Helm doesn't own."""

from enum import Enum

from provisioner import labels, namespaces, secrets
from provisioner.cluster import Manifest
from provisioner.cluster.kinds import NAMESPACE, SECRET
from provisioner.operations.models import OperationKind
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType, EventType


class Standing(Enum):
    """What was found under the namespace's name."""

    ABSENT = "absent"
    OURS = "ours"
    LEAVING = "leaving"
    FOREIGN = "foreign"


class Action(Enum):
    """What follows from it."""

    MAKE = "make"
    KEEP = "keep"
    WAIT = "wait"
    REFUSE = "refuse"
    DATA_LOST = "data lost"
    SECRET_LOST = "secret lost"  # noqa: S105 - the name of an action


def judge(found: Manifest | None, store_name: str) -> Standing:
    """Decide from the object alone. A namespace that doesn't carry the store's label is somebody else's."""
    if found is None:
        return Standing.ABSENT
    if found["metadata"].get("deletionTimestamp"):
        return Standing.LEAVING
    ours = (found["metadata"].get("labels") or {}).get(labels.STORE_LABEL) == store_name
    return Standing.OURS if ours else Standing.FOREIGN


def decide(standing: Standing, *, born: bool, has_secret: bool) -> Action:
    """The next action. A store that was `born` had data: an empty shop in its place would hide that they are gone.

    | found    | not born yet | born                                   |
    | absent   | make         | data lost: a person must decide        |
    | leaving  | wait         | wait (and then find it absent)         |
    | foreign  | refuse       | refuse                                 |
    | ours     | keep         | keep, unless the Secret is gone        |
    """
    if standing == Standing.FOREIGN:
        return Action.REFUSE
    if standing == Standing.LEAVING:
        return Action.WAIT
    if standing == Standing.ABSENT:
        return Action.DATA_LOST if born else Action.MAKE
    return Action.KEEP if has_secret or not born else Action.SECRET_LOST


def provide(context: Context) -> Done | Wait:
    """Make the namespace and its Secret, or find them as they should be."""
    store, born = context.store, context.operation.kind == OperationKind.RECONCILE
    standing = judge(context.cluster.get(NAMESPACE, store.namespace), store.name)
    has_secret = born and context.cluster.get(SECRET, labels.SECRET_NAME, store.namespace) is not None
    action = decide(standing, born=born, has_secret=has_secret)
    if action in _REFUSALS:
        reason, message = _REFUSALS[action]
        raise StepFailed(reason, message.format(namespace=store.namespace, secret=labels.SECRET_NAME))
    if action == Action.WAIT:
        return Wait(f"the old namespace {store.namespace} to be gone", delay=1)
    if action == Action.MAKE:
        context.tell(EventType.NAMESPACE_CREATE, f"Making namespace {store.namespace}.", step="namespace")
    context.lease.check()
    context.cluster.apply(namespaces.manifest(store, context.operation.request_id))
    secrets.ensure(context.cluster, store, context.operation.request_id)
    ready = ConditionChange(ConditionType.NAMESPACE_READY, ConditionStatus.TRUE, "NamespaceActive")
    return Done(EventType.NAMESPACE_READY, f"Namespace {store.namespace} is ready.", (ready,))


_REFUSALS = {
    Action.REFUSE: (
        "NamespaceTaken",
        "The namespace '{namespace}' exists and isn't labelled as this store's; remove or rename it.",
    ),
    Action.DATA_LOST: (
        "DataLost",
        "The namespace '{namespace}' is gone, and the store's data with it: restore it from a backup, or delete the "
        "store and ask for a new one.",
    ),
    Action.SECRET_LOST: (
        "SecretLost",
        "The Secret '{secret}' in '{namespace}' is gone, and with it the password of the store's database: restore it.",
    ),
}
