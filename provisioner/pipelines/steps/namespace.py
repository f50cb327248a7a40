"""The namespace and the store's Secret in it: a store's first objects, and the only ones that Helm doesn't own."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from provisioner import labels, namespaces, pull_secrets, safekeeping, secrets, volumes
from provisioner.cluster import Manifest
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME_CLAIM
from provisioner.drift import claimed
from provisioner.operations.models import OperationKind
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, StepFailed, Wait
from provisioner.pipelines.steps.lateness import withdraw_if_late
from provisioner.secrets import Data
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType, EventType
from stores.models import Store


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


def judge(found: Manifest | None, store: Store) -> Standing:
    """Decide from the object alone. A namespace that doesn't carry the store's label is somebody else's, and so is one
    that names another tenant: what is in it are that one's customers and passwords."""
    if found is None:
        return Standing.ABSENT
    if found["metadata"].get("deletionTimestamp"):
        return Standing.LEAVING
    return Standing.OURS if labels.is_of(found, store) else Standing.FOREIGN


@dataclass(frozen=True)
class Left:
    """What is left of a store that was born: its Secret, the copy of it, its claims, volumes that outlived them."""

    secret: Data | None
    copy: Data | None
    claims: bool
    volumes: Sequence[Manifest] = ()
    bound: bool = False
    """Whether a volume says that it belongs to a claim still."""


def decide(standing: Standing, left: Left | None) -> Action:
    """The next action. `left` is None for a store that was not born yet; one that was had data, and an empty shop in
    its place would hide that they are gone.

    | found    | not born yet | born                                                                    |
    | foreign  | refuse       | refuse                                                                  |
    | leaving  | wait         | wait (and then find it absent)                                          |
    | any      |              | wait, while the volume of a claim that is gone still says it is bound    |
    | absent   | make         | make, when a volume and the copy of the Secret are left; else data lost |
    | ours     | keep         | keep, when a claim or volume and a Secret are left; else what is lost   |
    """
    if standing == Standing.FOREIGN:
        return Action.REFUSE
    if standing == Standing.LEAVING:
        return Action.WAIT
    if left is not None:
        if left.bound and not left.claims:
            return Action.WAIT
        if not left.claims and not left.volumes:
            return Action.DATA_LOST
        if left.copy is None and left.secret is None:
            return Action.SECRET_LOST
    return Action.MAKE if standing == Standing.ABSENT else Action.KEEP


def provide(context: Context) -> Done | Wait:
    """Make the namespace and its Secret, or find them as they should be."""
    store = context.store
    standing = judge(context.cluster.get(NAMESPACE, store.namespace), store)
    left = _left(context) if context.operation.kind == OperationKind.RECONCILE else None
    action = decide(standing, left)
    if action in _REFUSALS:
        reason, message = _REFUSALS[action]
        raise StepFailed(reason, message.format(namespace=store.namespace, secret=labels.SECRET_NAME))
    if action == Action.WAIT:
        return Wait(_awaited(standing, store.namespace), delay=1)
    if action == Action.MAKE:
        context.tell(EventType.NAMESPACE_CREATE, f"Making namespace {store.namespace}.", step="namespace")
    _make(context, left)
    ready = ConditionChange(ConditionType.NAMESPACE_READY, ConditionStatus.TRUE, "NamespaceActive")
    return Done(EventType.NAMESPACE_READY, f"Namespace {store.namespace} is ready.", (ready,))


def _awaited(standing: Standing, namespace: str) -> str:
    if standing == Standing.LEAVING:
        return f"the old namespace {namespace} to be gone"
    return "the volume to be let go by the claim that is gone"


def _left(context: Context) -> Left:
    cluster, store = context.cluster, context.store
    claims = [each for each in cluster.list(PERSISTENT_VOLUME_CLAIM, store.namespace) if labels.is_of(each, store)]
    there = any(not each["metadata"].get("deletionTimestamp") for each in claims)
    outlived = [] if there else volumes.left(cluster, store, claimed.volumes(store))
    return Left(
        secret=secrets.data(cluster, store),
        copy=safekeeping.kept(cluster, store),
        claims=there,
        volumes=[each for each in outlived if volumes.is_loose(each)],
        bound=any(map(volumes.is_bound, outlived)),
    )


def _make(context: Context, left: Left | None) -> None:
    cluster, store, request_id = context.cluster, context.store, context.operation.request_id
    check = context.lease.check
    check()
    withdraw_if_late(context, cluster.apply(namespaces.manifest(store, request_id)))
    pull_secrets.lend(cluster, store, check)
    check()
    if left is None:
        values = secrets.ensure(cluster, store, request_id)
        withdraw_if_late(context, safekeeping.keep(cluster, store, values, check))
        return
    for volume in left.volumes:
        name = volume["metadata"]["name"]
        context.tell(EventType.SELF_HEAL, f"Taking up volume {name}, which outlived its claim.", step="namespace")
        check()
        volumes.take_up(cluster, volume)
    if left.copy is None and left.secret is not None:
        withdraw_if_late(context, safekeeping.keep(cluster, store, left.secret, check))
    elif left.copy is not None and not left.copy.items() <= (left.secret or {}).items():
        check()
        cluster.apply(secrets.holding(store, left.copy, request_id))


_REFUSALS = {
    Action.REFUSE: (
        "NamespaceTaken",
        "The namespace '{namespace}' exists and isn't this store's; choose another name, or have it removed.",
    ),
    Action.DATA_LOST: (
        "DataLost",
        "The volume of the store in '{namespace}' is gone, and the store's data with it: restore them from a backup, "
        "or delete the store and ask for a new one.",
    ),
    Action.SECRET_LOST: (
        "SecretLost",
        "The Secret '{secret}' in '{namespace}' is gone, no copy of it was kept, and with it went the password of the "
        "store's database: restore it.",
    ),
}
