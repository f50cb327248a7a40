"""What must be true of a store after everything that was done to it and to those who made it."""

from collections import Counter
from collections.abc import Iterable

from provisioner.cluster import Cluster, Manifest, NotFound
from provisioner.cluster.kinds import (
    CUSTOM_RESOURCE_DEFINITION,
    KINDS,
    NAMESPACE,
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    SECRET,
    STORE,
    Kind,
)
from provisioner.operations.models import FINISHED, Operation, OperationKind, OperationState, Step, StepState
from stores.choices import EventType, Phase
from stores.models import Store
from tests.chaos.waiting import until

BIRTH_EVENTS = (
    EventType.STORE_REQUESTED,
    EventType.PROVISIONING_START,
    EventType.NAMESPACE_READY,
    EventType.HELM_READY,
    EventType.DB_READY,
    EventType.BACKEND_READY,
    EventType.STOREFRONT_READY,
    EventType.STORE_READY,
)

LONGEST_HELD_SECONDS = 60.0
"""The promise of the engine: a killed worker's step is taken over within this time."""

Shape = Counter[tuple[str, str]]
"""How many objects there are of each kind and name; random parts of names are left out."""

_SHORT_LIVED = {"Event", "Lease", "Node"}


def assert_born_once(cluster: Cluster, name: str, shape: Shape, *, helm_kills: int = 0) -> None:
    """The store is Ready, its story has no doubles, and its objects are those of an undisturbed store."""
    store = Store.objects.get(name=name, deleted_at__isnull=True)
    assert_told_once(cluster, store, helm_kills=helm_kills)
    assert shape_of(cluster, store) == shape, name
    _assert_mirrored(cluster, store)


def assert_told_once(cluster: Cluster, store: Store, *, helm_kills: int = 0) -> None:
    """The records of the birth, here and in Helm: each event and each step once, and as few revisions as can be."""
    assert store.phase == Phase.READY, (store.name, store.phase, store.message)
    told = Counter(store.events.values_list("type", flat=True))
    assert {event: told[event] for event in BIRTH_EVENTS} == dict.fromkeys(BIRTH_EVENTS, 1), (store.name, told)
    _assert_steps_done(store)
    _assert_release(cluster, store, helm_kills)


def _assert_mirrored(cluster: Cluster, store: Store) -> None:
    """The mirror follows a moment later; a lost message is mended by the sweep of mirrors, once a minute."""

    def phase() -> str:
        return str(((cluster.get(STORE, store.name) or {}).get("status") or {}).get("phase", ""))

    until(lambda: phase() == Phase.READY, lambda: f"the mirror of {store.name} to be Ready: '{phase()}'", seconds=90)


def _assert_steps_done(store: Store) -> None:
    operations = list(store.operations.all())
    assert [(each.kind, each.state) for each in operations] == [(OperationKind.PROVISION, OperationState.SUCCEEDED)]
    steps = list(operations[0].steps.order_by("position"))
    assert {step.name: step.state for step in steps} == dict.fromkeys([step.name for step in steps], "succeeded")
    assert {step.name: step.owner for step in steps} == dict.fromkeys([step.name for step in steps], "")


def _assert_release(cluster: Cluster, store: Store, helm_kills: int) -> None:
    secrets = cluster.list(SECRET, store.namespace, label_selector="owner=helm")
    statuses = {int(each["metadata"]["labels"]["version"]): each["metadata"]["labels"]["status"] for each in secrets}
    newest_first = [statuses[revision] for revision in sorted(statuses, reverse=True)]
    assert newest_first, f"{store.name} has no Helm release"
    assert newest_first[0] == "deployed", (store.name, statuses)
    assert not [status for status in newest_first if status.startswith("pending")], (store.name, statuses)
    assert newest_first.count("deployed") == 1, (store.name, statuses)
    assert len(newest_first) <= 1 + helm_kills, (store.name, statuses)


def shape_of(cluster: Cluster, store: Store) -> Shape:
    """All objects in the store's namespace and its volumes; Helm's records and the mirror are looked at apart."""
    found: Shape = Counter()
    for kind in KINDS:
        if kind in (CUSTOM_RESOURCE_DEFINITION, STORE) or kind.kind in _SHORT_LIVED:
            continue
        for manifest in objects(cluster, kind, store.namespace):
            if _belongs(kind, manifest, store) and not _passes_by(manifest):
                found[kind.kind, _plain_name(kind, manifest, store)] += 1
    return found


def _passes_by(manifest: Manifest) -> bool:
    """Helm's records, and the Job that an upgrade has, with its pods: a repair of a first release is one to Helm."""
    labels = manifest["metadata"].get("labels") or {}
    migrates = labels.get("app.kubernetes.io/component") == "migration" and manifest["kind"] in ("Job", "Pod")
    return migrates or manifest.get("type") == "helm.sh/release.v1"


def objects(cluster: Cluster, kind: Kind, namespace: str) -> list[Manifest]:
    """All of that kind, in the namespace if the kind has one; a kind that the cluster doesn't serve has none."""
    try:
        return list(cluster.list(kind, namespace if kind.namespaced else None))
    except NotFound:
        return []


def _belongs(kind: Kind, manifest: Manifest, store: Store) -> bool:
    if kind.namespaced:
        return True
    if kind == PERSISTENT_VOLUME:
        return bool(manifest["spec"].get("claimRef", {}).get("namespace") == store.namespace)
    return bool(manifest["metadata"]["name"] == store.namespace)


def _plain_name(kind: Kind, manifest: Manifest, store: Store) -> str:
    """The name without what is random in it: that of the owner, or the claim's for a volume."""
    if kind == PERSISTENT_VOLUME:
        return str(manifest["spec"]["claimRef"]["name"])
    owners = manifest["metadata"].get("ownerReferences") or []
    if owners:
        component = manifest["metadata"].get("labels", {}).get("app.kubernetes.io/component", "")
        return f"{owners[0]['kind']} {component}"
    return str(manifest["metadata"]["name"]).replace(store.name, "<store>")


def volumes(cluster: Cluster, name: str) -> dict[str, str]:
    """The uids of the store's volume claims, by name."""
    claims = cluster.list(PERSISTENT_VOLUME_CLAIM, f"store-{name}")
    return {claim["metadata"]["name"]: claim["metadata"]["uid"] for claim in claims}


def assert_gone(cluster: Cluster, name: str) -> None:
    """Nothing is left of the store but its tombstone, and its removal was told once."""
    assert cluster.get(NAMESPACE, f"store-{name}") is None
    assert cluster.get(STORE, name) is None
    volumes_left = [
        volume["metadata"]["name"]
        for volume in cluster.list(PERSISTENT_VOLUME)
        if volume["spec"].get("claimRef", {}).get("namespace") == f"store-{name}"
    ]
    assert volumes_left == []
    for kind in KINDS:
        if kind.namespaced:
            assert objects(cluster, kind, f"store-{name}") == [], (name, kind.kind)
    store = Store.objects.filter(name=name).latest("pk")
    assert store.deleted_at is not None
    told = Counter(store.events.values_list("type", flat=True))
    once = (EventType.DELETE_START, EventType.DELETE_COMPLETE)
    assert {event: told[event] for event in once} == dict.fromkeys(once, 1), (name, told)
    _assert_removal_done(store)


def _assert_removal_done(store: Store) -> None:
    removal = Operation.objects.get(store=store, kind=OperationKind.TEARDOWN)
    assert removal.state == OperationState.SUCCEEDED
    steps = Step.objects.filter(operation__store=store)
    assert set(steps.filter(operation=removal).values_list("state", flat=True)) <= set(FINISHED)
    assert not steps.exclude(owner="").exists()
    assert not steps.filter(state=StepState.RUNNING).exists()


def assert_no_orphans(cluster: Cluster, prefix: str) -> None:
    """The namespaces and mirrors of this rig's stores are exactly those of the stores that live."""
    living = set(Store.objects.not_gone().values_list("name", flat=True))
    namespaces = {each["metadata"]["name"].removeprefix("store-") for each in cluster.list(NAMESPACE)}
    mirrors = {each["metadata"]["name"] for each in cluster.list(STORE)}
    assert _of(prefix, namespaces) == living
    assert _of(prefix, mirrors) <= living


def _of(prefix: str, names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith(prefix)}
