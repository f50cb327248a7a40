"""Somebody tampers with stores, and real processes put them right: by the watcher alone, by the sweep alone."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from provisioner.cluster import Kind, Manifest, kinds
from provisioner.drift.desired import BY_NAME
from provisioner.helm.storage import revisions
from provisioner.labels import RELEASE
from provisioner.operations.models import ACTIVE, Operation, OperationKind
from stores.choices import EventType, Phase
from stores.models import Store
from tests.chaos.conftest import MakeRig
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until
from tests.provisioner.drift.tampering import CHANGED, DELETED

NEVER = "86400"


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


def eventually(rig: Rig, kind: Kind, name: str, is_right: Callable[[Manifest], Any], why: str = "") -> None:
    def look() -> bool:
        found = rig.cluster.get(kind, name, shop(rig).namespace)
        return found is not None and bool(is_right(found))

    until(look, lambda: f"{kind.kind} {name} {why} to be put right: {rig.tails()}", seconds=120)


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
        found = rig.cluster.get(BY_NAME[kind], name, shop(rig).namespace)
        assert found is not None
        assert rig.cluster.delete(BY_NAME[kind], name, shop(rig).namespace)
        uid = found["metadata"]["uid"]
        eventually(rig, BY_NAME[kind], name, lambda found, gone=uid: found["metadata"]["uid"] != gone)
    settled(rig)
    assert records(rig) == before
    assert EventType.SELF_HEALED in shop(rig).events.values_list("type", flat=True)


def test_what_is_changed_is_put_back(rig: Rig) -> None:
    before = records(rig)
    for (kind, name), change, path in CHANGED:
        found = rig.cluster.get(BY_NAME[kind], name, shop(rig).namespace)
        assert found is not None
        wanted = bare(copy.deepcopy(found))
        change(found)
        del found["metadata"]["resourceVersion"]  # its controller may have written a status since
        rig.cluster.replace(found)
        eventually(rig, BY_NAME[kind], name, lambda found, was=wanted: bare(found) == was, why=path)
    settled(rig)
    assert records(rig) == before


def bare(found: Manifest) -> Manifest:
    """What of an object is asked for: the labels and everything beside status and metadata."""
    kept = {name: value for name, value in found.items() if name not in ("metadata", "status")}
    return {**kept, "labels": found["metadata"].get("labels")}


def test_a_deleted_release_is_installed_again_over_what_is_there(rig: Rig) -> None:
    space = shop(rig).namespace
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
