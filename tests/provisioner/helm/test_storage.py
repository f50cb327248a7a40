"""Helm's records: read, and a dead one marked as failed, without Helm."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

from provisioner.cluster import Manifest
from provisioner.helm import release_manifest, values_digest
from provisioner.helm.storage import decode, encode, marked_failed, release_of, status_of

MANIFEST = "---\nkind: A\nmetadata: {name: a}\n---\n# nothing\n---\nkind: B\nmetadata: {name: b, namespace: n}\n"


def record(revision: int, status: str, **more: Any) -> dict[str, Any]:
    """What Helm keeps for one revision, cut to what is read here."""
    return {
        "name": "store",
        "namespace": "store-x",
        "version": revision,
        "info": {"status": status, "description": "Install complete", "last_deployed": "2026-01-01T00:00:00Z"},
        "chart": {"metadata": {"name": "medusa", "version": "0.1.0", "appVersion": "2.18.0"}},
        "config": {"a": 1},
        "manifest": MANIFEST,
        **more,
    }


def secret(revision: int, status: str, **more: Any) -> Manifest:
    labels = {"owner": "helm", "name": "store", "status": status, "version": str(revision), "team": "mine"}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "helm.sh/release.v1",
        "metadata": {"name": f"sh.helm.release.v1.store.v{revision}", "resourceVersion": "7", "labels": labels},
        "data": {"release": encode(record(revision, status, **more))},
    }


def test_a_record_is_packed_as_helm_does() -> None:
    packed = base64.b64decode(base64.b64decode(encode({"name": "store"})))
    assert json.loads(gzip.decompress(packed)) == {"name": "store"}
    assert decode({"data": {"release": encode({"name": "store"})}}) == {"name": "store"}


def test_no_revisions_are_no_release() -> None:
    assert release_of([]) is None


def test_the_newest_revision_is_the_release() -> None:
    release = release_of([secret(1, "superseded"), secret(2, "deployed")])
    assert release is not None
    assert (release.name, release.namespace, release.revision, release.status) == ("store", "store-x", 2, "deployed")
    assert (release.chart, release.chart_version, release.app_version) == ("medusa", "0.1.0", "2.18.0")
    assert release.values_digest == values_digest({"a": 1})


def test_a_release_knows_whether_it_was_ever_live() -> None:
    cases = {
        ("failed",): False,
        ("pending-install",): False,
        ("failed", "failed"): False,
        ("deployed",): True,
        ("superseded", "failed"): True,
        ("deployed", "pending-upgrade"): True,
        ("uninstalling",): True,
    }
    for statuses, ever in cases.items():
        release = release_of([secret(number, status) for number, status in enumerate(statuses, 1)])
        assert release is not None
        assert (statuses, release.ever_deployed) == (statuses, ever)


def test_a_release_is_pending_while_helm_is_at_it() -> None:
    cases = {"pending-install": True, "pending-upgrade": True, "pending-rollback": True, "failed": False}
    for status, pending in cases.items():
        release = release_of([secret(1, status)])
        assert release is not None
        assert (status, release.pending) == (status, pending)


def test_a_release_without_values_has_the_digest_of_none() -> None:
    release = release_of([secret(1, "deployed", config=None)])
    assert release is not None
    assert release.values_digest == values_digest({})


def test_the_manifest_is_the_objects_as_helm_marks_them_without_empty_documents() -> None:
    first, second = release_manifest(secret(1, "deployed"))

    assert (first["kind"], second["kind"]) == ("A", "B")
    assert first["metadata"] == {
        "name": "a",
        "namespace": "store-x",
        "annotations": {"meta.helm.sh/release-name": "store", "meta.helm.sh/release-namespace": "store-x"},
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
    }
    assert second["metadata"]["namespace"] == "n"


def test_marking_failed_changes_status_and_description_in_label_and_record_only() -> None:
    before = secret(3, "pending-upgrade")
    after = marked_failed(before, "its worker died", now=1_700_000_000.9)
    assert status_of(after) == "failed"
    assert after["metadata"]["labels"]["modifiedAt"] == "1700000000"
    assert after["metadata"]["labels"]["team"] == "mine"
    assert after["metadata"]["resourceVersion"] == "7"
    expected = record(3, "failed")
    expected["info"]["description"] = "its worker died"
    assert decode(after) == expected
    assert status_of(before) == "pending-upgrade"


def test_the_digest_ignores_the_order_of_keys_and_sees_every_value() -> None:
    assert values_digest({"a": 1, "b": {"c": 2, "d": 3}}) == values_digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert values_digest({"a": 1}) != values_digest({"a": "1"})
