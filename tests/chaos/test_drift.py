"""Somebody tampers with stores, and real processes put them right: by the watcher alone, by the sweep alone."""

from collections.abc import Callable
from typing import Any

import pytest

from provisioner.cluster import Kind, Manifest, kinds
from provisioner.helm.storage import revisions
from provisioner.labels import RELEASE
from provisioner.operations.models import ACTIVE, Operation, OperationKind
from stores.choices import EventType, Phase
from stores.models import Store
from tests.chaos.conftest import MakeRig
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until

NEVER = "86400"
DELETED: tuple[tuple[Kind, str], ...] = (
    (kinds.SERVICE, "backend"),
    (kinds.CONFIG_MAP, "storefront"),
    (kinds.NETWORK_POLICY, "default-deny"),
    (kinds.RESOURCE_QUOTA, "store"),
    (kinds.INGRESS, "store"),
    (kinds.DEPLOYMENT, "storefront"),
)


@pytest.fixture(
    scope="module",
    params=[
        Plan(watcher=True, env={"STOREPLANE_DRIFT_SECONDS": NEVER}),
        Plan(watcher=False, env={"STOREPLANE_DRIFT_SECONDS": "1"}),
    ],
    ids=["watcher", "sweep"],
)
def rig(make_rig: MakeRig, request: pytest.FixtureRequest) -> Rig:
    made = make_rig(request.param)
    made.ask_for(made.name("tea"))
    made.wait_ready(made.name("tea"))
    return made


def shop(rig: Rig) -> Store:
    return Store.objects.get(name=rig.name("tea"))


def records(rig: Rig) -> list[tuple[str, str]]:
    found = revisions(rig.cluster, RELEASE, shop(rig).namespace)
    return [(each["metadata"]["name"], each["metadata"]["resourceVersion"]) for each in found]


def eventually(rig: Rig, kind: Kind, name: str, is_right: Callable[[Manifest], Any]) -> None:
    def look() -> bool:
        found = rig.cluster.get(kind, name, shop(rig).namespace)
        return found is not None and bool(is_right(found))

    until(look, lambda: f"{kind.kind} {name} to be put right: {rig.tails()}", seconds=90)


def settled(rig: Rig) -> None:
    """Nothing is being done, nothing is found, and the shop serves."""

    def look() -> bool:
        store = shop(rig)
        quiet = not Operation.objects.filter(store=store, state__in=ACTIVE).exists()
        return quiet and store.phase == Phase.READY and not store.findings.filter(healed_at__isnull=True).exists()

    until(look, lambda: f"the store to be settled: {rig.told(rig.name('tea'))}", seconds=90)


def test_what_is_deleted_comes_back(rig: Rig) -> None:
    before = records(rig)
    for kind, name in DELETED:
        uid = rig.cluster.get(kind, name, shop(rig).namespace)["metadata"]["uid"]  # type: ignore[index]
        assert rig.cluster.delete(kind, name, shop(rig).namespace)
        eventually(rig, kind, name, lambda found, gone=uid: found["metadata"]["uid"] != gone)
    settled(rig)
    assert records(rig) == before
    assert EventType.SELF_HEALED in shop(rig).events.values_list("type", flat=True)


def test_what_is_changed_is_put_back(rig: Rig) -> None:
    before, space = records(rig), shop(rig).namespace
    rig.cluster.patch_merge(kinds.DEPLOYMENT, "storefront", space, {"spec": {"replicas": 4}})
    eventually(rig, kinds.DEPLOYMENT, "storefront", lambda found: found["spec"]["replicas"] == 1)
    rig.cluster.patch_merge(kinds.NETWORK_POLICY, "default-deny", space, {"spec": {"ingress": [{}]}})
    eventually(rig, kinds.NETWORK_POLICY, "default-deny", lambda found: not found["spec"].get("ingress"))
    settled(rig)
    assert records(rig) == before


def test_a_deleted_release_is_installed_again_over_what_is_there(rig: Rig) -> None:
    space = shop(rig).namespace
    if rig.watcher is not None:
        pytest.skip("Helm's records carry no label of ours: they are the sweep's")
    volume = rig.cluster.get(kinds.PERSISTENT_VOLUME_CLAIM, "data-postgres-0", space)
    for each in revisions(rig.cluster, RELEASE, space):
        rig.cluster.delete(kinds.SECRET, each["metadata"]["name"], space)
    until(lambda: records(rig), lambda: f"the release to be back: {rig.tails()}", seconds=90)
    settled(rig)
    kept = rig.cluster.get(kinds.PERSISTENT_VOLUME_CLAIM, "data-postgres-0", space)
    assert kept is not None
    assert volume is not None
    assert kept["metadata"]["uid"] == volume["metadata"]["uid"]
    assert Operation.objects.filter(store=shop(rig), kind=OperationKind.RECONCILE).count() == 1
