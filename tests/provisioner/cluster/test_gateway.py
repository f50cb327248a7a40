"""The verbs against a real API: the sandbox, or the cluster that KUBECONFIG names."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from provisioner.cluster import AlreadyExists, Cluster, Conflict, Invalid, Manifest, NotFound
from provisioner.cluster.kinds import CONFIG_MAP, NAMESPACE, POD, SECRET

pytestmark = pytest.mark.cluster


def config_map(namespace: str, name: str = "settings", **content: Any) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": {"team": "mine"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": content}


def test_the_server_says_its_version(kube: Cluster) -> None:
    assert kube.version().startswith("v1.")


def test_apply_creates_then_changes_then_leaves_alone(kube: Cluster, namespace: str) -> None:
    created = kube.apply(config_map(namespace, colour="red"))
    changed = kube.apply(config_map(namespace, colour="blue"))
    again = kube.apply(config_map(namespace, colour="blue"))
    assert changed["data"] == {"colour": "blue"}
    assert changed["metadata"]["uid"] == created["metadata"]["uid"]
    assert changed["metadata"]["resourceVersion"] != created["metadata"]["resourceVersion"]
    assert again["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]


def test_apply_drops_what_it_no_longer_names_and_keeps_what_others_added(kube: Cluster, namespace: str) -> None:
    kube.apply(config_map(namespace, colour="red", size="big"))
    kube.patch_merge(CONFIG_MAP, "settings", namespace, {"data": {"theirs": "kept"}})
    assert kube.apply(config_map(namespace, colour="red"), field_manager="storeplane")["data"] in (
        # The merge patch above is ours too, by another operation, so its field has an owner of its own.
        {"colour": "red", "theirs": "kept"},
    )


def test_apply_without_force_tells_who_owns_a_field(kube: Cluster, namespace: str) -> None:
    kube.apply(config_map(namespace, colour="red"), field_manager="someone-else")
    with pytest.raises(Conflict, match="someone-else"):
        kube.apply(config_map(namespace, colour="blue"), force=False)
    assert kube.apply(config_map(namespace, colour="blue"))["data"] == {"colour": "blue"}


def test_a_dry_run_tells_the_outcome_and_changes_nothing(kube: Cluster, namespace: str) -> None:
    kube.apply(config_map(namespace, colour="red"))
    assert kube.apply(config_map(namespace, colour="blue"), dry_run=True)["data"] == {"colour": "blue"}
    found = kube.get(CONFIG_MAP, "settings", namespace)
    assert found is not None
    assert found["data"] == {"colour": "red"}


def test_create_refuses_what_exists(kube: Cluster, namespace: str) -> None:
    kube.create(config_map(namespace))
    with pytest.raises(AlreadyExists, match="settings"):
        kube.create(config_map(namespace))


def test_an_invalid_object_is_refused_and_not_made(kube: Cluster, namespace: str) -> None:
    with pytest.raises(Invalid):
        kube.create(config_map(namespace, name="Not A Name"))
    wrong = {**config_map(namespace), "dta": {}}
    with pytest.raises(Invalid, match="dta"):
        kube.apply(wrong)
    assert kube.get(CONFIG_MAP, "settings", namespace) is None


def test_nothing_can_be_made_in_a_namespace_that_is_not_there(kube: Cluster) -> None:
    with pytest.raises(NotFound, match="namespaces"):
        kube.create(config_map("store-nowhere"))


def test_replace_refuses_what_changed_meanwhile(kube: Cluster, namespace: str) -> None:
    seen = kube.create(config_map(namespace, colour="red"))
    kube.apply(config_map(namespace, colour="blue"))
    with pytest.raises(Conflict):
        kube.replace({**seen, "data": {"colour": "green"}})


def test_patches_change_single_fields(kube: Cluster, namespace: str) -> None:
    kube.create(config_map(namespace, colour="red", size="big"))
    merged = kube.patch_merge(CONFIG_MAP, "settings", namespace, {"data": {"size": None, "new": "1"}})
    assert merged["data"] == {"colour": "red", "new": "1"}
    operations = [
        {"op": "test", "path": "/data/colour", "value": "red"},
        {"op": "replace", "path": "/data/colour", "value": "blue"},
    ]
    assert kube.patch_json(CONFIG_MAP, "settings", namespace, operations)["data"] == {"colour": "blue", "new": "1"}
    with pytest.raises(Invalid):
        kube.patch_json(CONFIG_MAP, "settings", namespace, operations)


def test_a_list_comes_in_pages_with_kind_and_version_in_each_item(kube: Cluster, namespace: str) -> None:
    for number in range(5):
        kube.create(config_map(namespace, name=f"c{number}"))
    found = list(kube.list(CONFIG_MAP, namespace, label_selector="team=mine", limit=2))
    assert sorted(item["metadata"]["name"] for item in found) == ["c0", "c1", "c2", "c3", "c4"]
    assert {(item["apiVersion"], item["kind"]) for item in found} == {("v1", "ConfigMap")}
    assert list(kube.list(CONFIG_MAP, namespace, label_selector="team=theirs")) == []


def test_a_list_may_span_all_namespaces(kube: Cluster, namespace: str) -> None:
    kube.create(config_map(namespace, name="mine"))
    found = kube.list(CONFIG_MAP, label_selector="team=mine")
    assert (namespace, "mine") in {(item["metadata"]["namespace"], item["metadata"]["name"]) for item in found}


def test_delete_tells_whether_there_was_something(kube: Cluster, namespace: str) -> None:
    kube.create(config_map(namespace))
    assert kube.delete(CONFIG_MAP, "settings", namespace) is True
    assert kube.delete(CONFIG_MAP, "settings", namespace) is False


def test_delete_by_uid_spares_a_namesake(kube: Cluster, namespace: str) -> None:
    old = kube.create(config_map(namespace))["metadata"]["uid"]
    kube.delete(CONFIG_MAP, "settings", namespace)
    kube.create(config_map(namespace))
    assert kube.delete(CONFIG_MAP, "settings", namespace, uid=old) is False
    assert kube.get(CONFIG_MAP, "settings", namespace) is not None


def test_delete_collection_takes_only_what_is_selected(kube: Cluster, namespace: str) -> None:
    kube.create(config_map(namespace, name="mine"))
    other = config_map(namespace, name="other")
    other["metadata"]["labels"] = {"team": "theirs"}
    kube.create(other)
    kube.delete_collection(CONFIG_MAP, namespace, label_selector="team=mine")
    assert kube.wait_gone(CONFIG_MAP, "mine", namespace, timeout=60)
    assert kube.get(CONFIG_MAP, "other", namespace) is not None


def test_an_object_with_a_finalizer_is_gone_only_without_it(kube: Cluster, namespace: str) -> None:
    held = config_map(namespace)
    held["metadata"]["finalizers"] = ["storeplane.dev/test"]
    kube.create(held)
    assert kube.delete(CONFIG_MAP, "settings", namespace) is True
    assert kube.wait_gone(CONFIG_MAP, "settings", namespace, timeout=0.3) is False
    kube.patch_merge(CONFIG_MAP, "settings", namespace, {"metadata": {"finalizers": None}})
    assert kube.wait_gone(CONFIG_MAP, "settings", namespace, timeout=60) is True


def test_a_namespace_may_be_deleted_twice_and_is_gone_in_the_end(kube: Cluster, namespace: str) -> None:
    held = config_map(namespace)
    held["metadata"]["finalizers"] = ["storeplane.dev/test"]
    kube.create(held)
    assert kube.delete(NAMESPACE, namespace) is True
    assert kube.delete(NAMESPACE, namespace) is True
    kube.wait_for(CONFIG_MAP, "settings", namespace, _is_leaving, timeout=30)
    kube.patch_merge(CONFIG_MAP, "settings", namespace, {"metadata": {"finalizers": None}})
    assert kube.wait_gone(NAMESPACE, namespace, timeout=60) is True


def test_waiting_sees_a_change_made_meanwhile(kube: Cluster, namespace: str) -> None:
    kube.create(config_map(namespace, colour="red"))
    painter = threading.Timer(0.3, kube.apply, [config_map(namespace, colour="blue")])
    painter.start()
    started = time.monotonic()
    found = kube.wait_for(CONFIG_MAP, "settings", namespace, _is_blue, timeout=30)
    painter.join()
    assert found is not None
    assert time.monotonic() - started < 25  # of the 30 that it would wait


def test_a_watch_tells_birth_change_and_end(kube: Cluster, namespace: str) -> None:
    start = kube.listing(CONFIG_MAP, namespace).resource_version
    kube.create(config_map(namespace, colour="red"))
    kube.apply(config_map(namespace, colour="blue"))
    kube.delete(CONFIG_MAP, "settings", namespace)
    changes = kube.watch(CONFIG_MAP, namespace, name="settings", resource_version=start, timeout=60)
    told = []
    for change in changes:
        told.append((change.type, change.object.get("data")))
        if change.type == "DELETED":
            break
    assert told == [
        ("ADDED", {"colour": "red"}),
        ("MODIFIED", {"colour": "blue"}),
        ("DELETED", {"colour": "blue"}),
    ]


def test_a_secrets_value_never_ends_in_an_error(kube: Cluster, namespace: str) -> None:
    metadata = {"name": "s", "namespace": namespace}
    broken = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"k": "hunter2!"}}
    with pytest.raises(Invalid) as refused:
        kube.create(broken)
    assert "hunter2" not in str(refused.value)
    assert kube.get(SECRET, "s", namespace) is None


def test_what_is_not_there_is_none_and_not_an_error(kube: Cluster, namespace: str) -> None:
    assert kube.get(POD, "nobody", namespace) is None
    assert kube.get(NAMESPACE, "store-nowhere") is None


def _is_blue(seen: Manifest | None) -> bool:
    return seen is not None and seen["data"] == {"colour": "blue"}


def _is_leaving(seen: Manifest | None) -> bool:
    return seen is not None and "deletionTimestamp" in seen["metadata"]
