"""The table of kinds, which stands in for discovery."""

from __future__ import annotations

import pytest

from provisioner.cluster import kind_of
from provisioner.cluster.kinds import DEPLOYMENT, KINDS, NAMESPACE, POD, STORE, Kind


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (POD.path(), "/api/v1/pods"),
        (POD.path("n"), "/api/v1/namespaces/n/pods"),
        (POD.path("n", "x"), "/api/v1/namespaces/n/pods/x"),
        (DEPLOYMENT.path("n", "x", "scale"), "/apis/apps/v1/namespaces/n/deployments/x/scale"),
        (NAMESPACE.path(None, "n"), "/api/v1/namespaces/n"),
        (STORE.path(None, "x", "status"), "/apis/storeplane.dev/v1/stores/x/status"),
        (STORE.path("ignored", "x"), "/apis/storeplane.dev/v1/stores/x"),
    ],
)
def test_an_object_is_where_kubernetes_serves_it(path: str, expected: str) -> None:
    assert path == expected


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_every_kind_of_the_table_is_found_by_its_manifest(kind: Kind) -> None:
    assert kind_of({"apiVersion": kind.api_version, "kind": kind.kind}) is kind


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match=r"'Gadget' in 'example\.com/v1'"):
        kind_of({"apiVersion": "example.com/v1", "kind": "Gadget"})


def test_an_object_of_a_namespaced_kind_needs_a_namespace() -> None:
    with pytest.raises(ValueError, match="lives in a namespace"):
        POD.path(None, "x")
