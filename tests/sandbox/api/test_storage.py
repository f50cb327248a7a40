"""Objects outlive the process; versions never go back."""

from pathlib import Path

import pytest

from sandbox.api.errors import ApiError
from sandbox.api.registry import Registry
from tests.sandbox.api.manifests import config_map, definition, deployment, widget


def test_a_restart_finds_everything_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "objects.db"
    first = Registry(path)
    made = first.create(first.resource("deployments", "apps"), "default", deployment())
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}]}}
    address = first.create(first.resource("services"), "default", service)["spec"]["clusterIP"]
    first.create(first.resource("customresourcedefinitions", "apiextensions.k8s.io"), None, definition())
    first.create(first.resource("widgets", "example.com"), None, widget("a"))
    revision = first.storage.revision
    first.close()

    second = Registry(path)
    assert second.get(second.resource("deployments", "apps"), "default", "web") == made
    assert second.get(second.resource("services"), "default", "web")["spec"]["clusterIP"] == address
    assert second.get(second.resource("widgets", "example.com"), None, "a")["spec"] == {"color": "red", "size": 3}
    assert second.storage.revision == revision
    second.close()


def test_what_was_being_deleted_goes_on_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "objects.db"
    first = Registry(path)
    namespaces, maps = first.resource("namespaces"), first.resource("configmaps")
    first.create(namespaces, None, {"metadata": {"name": "going"}})
    held = config_map("held") | {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    first.create(maps, "going", held)
    first.delete(namespaces, None, "going")
    first.close()

    second = Registry(path)
    second.patch(maps, "going", "held", {"metadata": {"finalizers": None}}, "merge")
    with pytest.raises(ApiError, match='namespaces "going" not found'):
        second.get(namespaces, None, "going")
    second.close()


def test_history_from_before_a_restart_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "objects.db"
    first = Registry(path)
    first.create(first.resource("configmaps"), "default", config_map("a"))
    version = str(first.storage.revision - 1)
    first.close()

    second = Registry(path)
    with pytest.raises(ApiError, match="too old resource version"):
        second.watch(second.resource("configmaps"), resource_version=version)
    second.close()
