"""What has no store behind it: decisions as tables."""

from typing import Any

import pytest

from provisioner.drift.orphans.deciding import Found, Seen, orphans
from provisioner.drift.orphans.models import OrphanKind

STORE_LABEL = "storeplane.dev/store"


def thing(name: str, store: str = "", namespace: str = "", **metadata: Any) -> dict[str, Any]:
    labels = {STORE_LABEL: store} if store else {}
    place = {"namespace": namespace} if namespace else {}
    return {"metadata": {"name": name, "uid": f"uid-of-{name}", "labels": labels, **place, **metadata}}


def revision(namespace: str, number: int, release: str = "store") -> dict[str, Any]:
    labels = {"owner": "helm", "name": release, "version": str(number)}
    metadata = {"name": f"v{number}", "uid": f"uid-{number}", "namespace": namespace, "labels": labels}
    return {"metadata": metadata}


def resource(name: str, *, written: bool, accepted: str = "") -> dict[str, Any]:
    manager = {"manager": "storeplane" if written else "kubectl", "operation": "Apply"}
    conditions = [{"type": "Accepted", "status": accepted}] if accepted else []
    return {**thing(name, managedFields=[manager]), "status": {"conditions": conditions}}


def kinds(found: list[Found]) -> list[tuple[str, str]]:
    return [(each.kind.value, each.name) for each in found]


GONE = thing("store-gone", "gone")


@pytest.mark.parametrize(
    ("namespace", "orphaned"),
    [
        (GONE, True),
        (thing("store-shop", "shop"), False),
        # Two stores could be meant, and one of them lives.
        (thing("store-shop", "gone"), False),
        (thing("store-gone", "shop"), False),
        # Part of the platform and of no store: the platform's own.
        (thing("store-gone"), False),
    ],
)
def test_a_namespace(namespace: dict[str, Any], orphaned: bool) -> None:
    assert kinds(orphans(Seen(namespaces=[namespace]), {"shop"})) == [("Namespace", "store-gone")] * orphaned


@pytest.mark.parametrize(
    ("claim", "orphaned"),
    [
        (thing("data", "gone", "store-gone"), True),
        (thing("data", "gone", "elsewhere"), True),
        (thing("data", "shop", "store-shop"), False),
        (thing("data", "gone", "store-shop"), False),
        (thing("data", "shop", "store-gone"), False),
        (thing("data", "", "store-gone"), False),
    ],
)
def test_a_volume_claim(claim: dict[str, Any], orphaned: bool) -> None:
    assert kinds(orphans(Seen(claims=[claim]), {"shop"})) == [("PersistentVolumeClaim", "data")] * orphaned


def volume(namespace: str, phase: str, claim: str = "data-postgres-0") -> dict[str, Any]:
    spec = {"claimRef": {"namespace": namespace, "name": claim}} if namespace else {}
    return {**thing("pvc-1"), "spec": spec, "status": {"phase": phase}}


@pytest.mark.parametrize(
    ("found", "orphaned"),
    [
        (volume("store-gone", "Released"), True),
        # Somebody has already let it go to the next claim of that name.
        (volume("store-gone", "Available"), True),
        (volume("store-gone", "Bound"), False),
        (volume("store-shop", "Released"), False),
        (volume("store-gone", "Released", "cache"), False),
        (volume("elsewhere", "Released"), False),
        (volume("", "Available"), False),
    ],
)
def test_a_volume_that_outlived_its_claim(found: dict[str, Any], orphaned: bool) -> None:
    assert kinds(orphans(Seen(volumes=[found]), {"shop"})) == [("PersistentVolume", "pvc-1")] * orphaned


@pytest.mark.parametrize(("store", "orphaned"), [("gone", True), ("shop", False)])
def test_a_copy_of_a_secret(store: str, orphaned: bool) -> None:
    copy = thing(f"store-{store}", namespace="storeplane-system")
    copy["metadata"]["labels"] = {"storeplane.dev/kept-for": store}
    assert kinds(orphans(Seen(copies=[copy]), {"shop"})) == [("Secret", f"store-{store}")] * orphaned


@pytest.mark.parametrize(
    ("namespaces", "orphaned"),
    [
        ([GONE], True),
        # A release that happens to have our name, in a namespace that isn't a store's.
        ([], False),
        ([thing("store-gone")], False),
        ([thing("store-gone", "shop")], False),
    ],
)
def test_a_release_is_of_the_store_whose_namespace_it_is_in(namespaces: list[Any], orphaned: bool) -> None:
    seen = Seen(namespaces=namespaces, releases=[revision("store-gone", 1)])

    found = [each for each in orphans(seen, {"shop"}) if each.kind == OrphanKind.RELEASE]

    assert kinds(found) == [("Release", "store")] * orphaned


def test_a_release_is_one_thing_whatever_its_revisions_and_has_the_uid_of_the_newest() -> None:
    revisions = [revision("store-gone", number) for number in (2, 10, 9)]

    found = orphans(Seen(namespaces=[GONE], releases=revisions), set())

    assert [(each.namespace, each.name, each.uid) for each in found if each.kind == OrphanKind.RELEASE] == [
        ("store-gone", "store", "uid-10")
    ]


@pytest.mark.parametrize(
    ("found", "orphaned"),
    [
        (resource("gone", written=True), True),
        (resource("gone", written=True, accepted="True"), True),
        (resource("shop", written=True), False),
        # Wishes: one that nobody has judged yet, and one that was refused.
        (resource("gone", written=False), False),
        (resource("gone", written=False, accepted="False"), False),
        (resource("gone", written=True, accepted="False"), False),
    ],
)
def test_a_store_resource(found: dict[str, Any], orphaned: bool) -> None:
    assert kinds(orphans(Seen(stores=[found]), {"shop"})) == [("Store", "gone")] * orphaned


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["store:events:shop", "store:events:gone"], [("RedisKey", "store:events:gone")]),
        ([], []),
        (None, []),
    ],
)
def test_a_redis_key(keys: list[str] | None, expected: list[tuple[str, str]]) -> None:
    assert kinds(orphans(Seen(keys=keys), {"shop"})) == expected


def test_the_reason_names_the_store_and_tells_of_a_deletion_that_hangs() -> None:
    going = thing("store-gone", "gone", deletionTimestamp="2026-01-02T03:04:05Z")

    (found,) = orphans(Seen(namespaces=[going]), set())

    assert found.why == (
        "It carries the label of the store 'gone', and there is no such store. It is being deleted already."
    )
