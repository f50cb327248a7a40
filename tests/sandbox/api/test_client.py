"""The official Python client, as the platform uses it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException

from tests.sandbox.api.manifests import config_map, definition, deployment, widget


@pytest.fixture(scope="module")
def api(kubeconfig: Path) -> Iterator[client.ApiClient]:
    """A client of the stand-in."""
    with config.new_client_from_config(str(kubeconfig)) as made:
        yield made


def test_typed_calls_create_read_and_delete(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="typed"), data={"a": "b"})
    assert core.create_namespaced_config_map("default", body).metadata.uid
    assert core.read_namespaced_config_map("typed", "default").data == {"a": "b"}
    core.delete_namespaced_config_map("typed", "default")
    with pytest.raises(ApiException, match="404"):
        core.read_namespaced_config_map("typed", "default")


def test_every_kind_that_is_listed_fits_the_models(api: client.ApiClient) -> None:
    apps = client.AppsV1Api(api)
    apps.create_namespaced_deployment("default", deployment("model"))
    (found,) = apps.list_namespaced_deployment("default", label_selector="app=model").items
    assert found.spec.strategy.rolling_update.max_surge == "25%"
    assert client.CoreV1Api(api).list_namespace().items[0].status.phase == "Active"
    assert client.VersionApi(api).get_code().minor == "36"


def test_a_watch_follows_and_ends(api: client.ApiClient) -> None:
    core = client.CoreV1Api(api)
    version = core.list_namespaced_secret("default").metadata.resource_version
    seen: list[tuple[str, str]] = []
    watcher = watch.Watch()

    def follow() -> None:
        stream = watcher.stream(core.list_namespaced_secret, "default", resource_version=version, timeout_seconds=20)
        for event in stream:
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                watcher.stop()

    thread = threading.Thread(target=follow)
    thread.start()
    core.create_namespaced_secret("default", client.V1Secret(metadata=client.V1ObjectMeta(name="watched")))
    core.delete_namespaced_secret("watched", "default")
    thread.join(60)
    assert seen == [("ADDED", "watched"), ("DELETED", "watched")]


def test_applying_on_the_server_by_the_dynamic_client(api: client.ApiClient) -> None:
    maps = dynamic.DynamicClient(api).resources.get(api_version="v1", kind="ConfigMap")
    maps.server_side_apply(config_map("applied", a="1"), namespace="default", field_manager="one")
    with pytest.raises(ApiException, match="FieldManagerConflict"):
        maps.server_side_apply(config_map("applied", a="2"), namespace="default", field_manager="two")
    forced = maps.server_side_apply(
        config_map("applied", a="2"), namespace="default", field_manager="two", force_conflicts=True
    )
    assert forced.data.a == "2"


def test_custom_objects(api: client.ApiClient) -> None:
    extensions, objects = client.ApiextensionsV1Api(api), client.CustomObjectsApi(api)
    extensions.create_custom_resource_definition(definition())
    place = ("example.com", "v1", "widgets")
    objects.create_cluster_custom_object(*place, widget("a"))
    objects.patch_cluster_custom_object_status(*place, "a", {"status": {"phase": "Fine"}})
    found = objects.get_cluster_custom_object(*place, "a")
    assert (found["spec"], found["status"]) == ({"color": "red", "size": 3}, {"phase": "Fine"})
    extensions.delete_custom_resource_definition("widgets.example.com")
    with pytest.raises(ApiException, match="404"):
        objects.list_cluster_custom_object(*place)
