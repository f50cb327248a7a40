"""Claims about every object that the platform's chart makes."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from provisioner.helm import ChartInvalid
from tests.charts.platform.variants import VARIANTS, given, rendered
from tests.charts.rendering import (
    KUBERNETES,
    PLATFORM,
    RELEASE,
    SYSTEM,
    containers,
    lint,
    notes,
    one,
    platform_values,
    pod_templates,
    render_platform,
)

OF_OPERATORS = "monitoring.coreos.com/v1"


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_is_valid_for_the_api(variant: str, version: str) -> None:
    built_in = [item for item in rendered(variant) if item["apiVersion"] != OF_OPERATORS]
    for item in built_in:
        assert kubernetes_validate.validate(item, version, strict=True) == version
    assert len(built_in) > 15


@pytest.mark.parametrize("variant", VARIANTS)
def test_lint_finds_nothing_above_a_hint(variant: str) -> None:
    assert lint(PLATFORM, given(variant)) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_two_objects_have_the_same_name(variant: str) -> None:
    names = [(item["kind"], item["metadata"]["name"]) for item in rendered(variant)]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("variant", VARIANTS)
def test_nothing_secret_is_in_a_config_map_or_an_environments_value(variant: str) -> None:
    objects = rendered(variant)
    secrets = [item for item in objects if item["kind"] == "Secret"]
    stored = [base64.b64decode(value).decode() for item in secrets for value in item.get("data", {}).values()]
    stored += [value for item in secrets for value in item.get("stringData", {}).values()]
    stored += ["geheim-1", "geheim-2"]
    for item in objects:
        if item["kind"] != "Secret":
            assert [value for value in stored if value in json.dumps(item)] == []


def test_what_is_made_up_is_long_and_made_anew_for_each_install() -> None:
    (made,) = [item for item in render_platform() if item["kind"] == "Secret"]
    (other,) = [item for item in render_platform(watcher={"replicas": 2}) if item["kind"] == "Secret"]
    lengths = {key: len(base64.b64decode(value)) for key, value in made["data"].items()}
    assert lengths == {
        "admin-password": 24,
        "database-password": 32,
        "metrics-token": 40,
        "redis-password": 32,
        "secret-key": 64,
    }
    assert all(made["data"][key] != other["data"][key] for key in made["data"])


def test_the_secret_is_a_hook_so_that_no_upgrade_and_no_removal_takes_it_away() -> None:
    (made,) = [item for item in render_platform() if item["kind"] == "Secret"]
    annotations = made["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "hook-succeeded" not in annotations["helm.sh/hook-delete-policy"]
    # Helm's engine has no cluster here. What it would find there keeps the Secret out of the upgrade altogether.
    template = (PLATFORM / "templates" / "secrets.yaml").read_text()
    assert '(lookup "v1" "Secret" .Release.Namespace $secret).data' in template


def test_a_secret_of_ones_own_is_used_for_all_and_none_is_made() -> None:
    objects = render_platform("values-prod.yaml")
    assert [item for item in objects if item["kind"] == "Secret"] == []
    named = set(re.findall(r"secretKeyRef.*?name': '([\w-]+)'", str(objects)))
    assert named == {"storeplane", "storeplane-database", "storeplane-redis"}


def test_roles_are_the_files_that_others_read_too() -> None:
    objects = render_platform()
    for file in ("platform", "editor", "viewer"):
        role = yaml.safe_load((PLATFORM / "rbac" / f"{file}.yaml").read_text())
        assert one(objects, "ClusterRole", role["metadata"]["name"]) == role
    binding = one(objects, "ClusterRoleBinding", "storeplane-platform")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": RELEASE, "namespace": SYSTEM}]


def test_with_another_cluster_no_role_of_this_one_is_made() -> None:
    kinds = {item["kind"] for item in rendered("another cluster")}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"postgresql": {"enabled": False}}, "There is no database"),
        ({"database": {"existingSecret": "db"}}, "postgresql.enabled is true"),
        ({"redis": {"enabled": False}}, "There is no Redis"),
        ({"redis": {"url": "redis://x:6379"}}, "redis.enabled is true"),
        ({"redis": {"enabled": False, "url": "redis://x:6379"}}, "networkPolicies.redis says nowhere"),
        ({"settings": {"heartbeatSeconds": 10}}, "taken for lost"),
        ({"settings": {"trustUserHeader": True}}, "/settings/trustedProxies"),
        ({"colour": "red"}, "colour"),
        ({"web": {"replicas": 0}}, "/web/replicas"),
        ({"workers": {"terminationGracePeriodSeconds": 120}}, "/workers/terminationGracePeriodSeconds"),
        ({"ingress": {"host": "Shops!"}}, "/ingress/host"),
        ({"ingressController": {"podLabels": {"app.kubernetes.io/name": None}}}, "/ingressController/podLabels"),
        ({"database": {"url": "mysql://x"}}, "/database/url"),
        ({"redis": {"maxMemory": "half"}}, "/redis/maxMemory"),
        ({"stores": {"scheme": "ftp"}}, "/stores/scheme"),
        ({"extraEnv": [{"name": "A B", "value": "x"}]}, "/extraEnv/0/name"),
        ({"networkPolicies": {"apiServer": {"cidrs": []}}}, "/networkPolicies/apiServer/cidrs"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_a_sentence(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ChartInvalid) as refused:
        render_platform(**values)
    assert told in str(refused.value)


def test_volumes_outlive_the_release_and_redis_forgets_nothing() -> None:
    objects = render_platform()
    for name in ("storeplane-postgresql", "storeplane-redis"):
        spec = one(objects, "StatefulSet", name)["spec"]
        assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
        assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data"]
    (server,) = one(objects, "StatefulSet", "storeplane-redis")["spec"]["template"]["spec"]["containers"]
    told = " ".join(server["args"])
    assert "--appendonly yes" in told
    assert "--maxmemory-policy noeviction" in told
    assert "--requirepass $(REDISCLI_AUTH)" in told


def test_every_image_is_taken_from_the_registry() -> None:
    objects = rendered("own registry")
    images = {each["image"] for _, template in pod_templates(objects) for each in containers(template["spec"])}
    web = dict(pod_templates(objects))["storeplane-web"]["spec"]["containers"][0]
    images |= {
        variable["value"] for variable in web["env"] if re.fullmatch(r"STOREPLANE_IMAGE_[A-Z]+", variable["name"])
    }
    assert {image.rpartition("/")[0].removesuffix("/storeplane") for image in images} == {"registry.example.com/team"}


@pytest.mark.parametrize(
    ("files", "values", "told"),
    [
        (
            ["values-local.yaml"],
            {},
            ["http://storeplane.localhost/", "get secret storeplane-secrets", "http://tea-shop.localhost/"],
        ),
        (
            ["values-prod.yaml"],
            {},
            ["https://storeplane.example.com/", "get secret storeplane -o", "https://tea-shop.stores.example.com/"],
        ),
        (
            [],
            {"ingress": {"enabled": False}, "stores": {"port": 8080}},
            ["port-forward service/storeplane-web 8000:80", "http://tea-shop.localhost:8080/"],
        ),
    ],
)
def test_the_notes_say_where_it_is_and_how_to_get_in(files: list[str], values: dict[str, Any], told: list[str]) -> None:
    text = notes(platform_values(*files, **values))
    assert [words for words in told if words not in text] == []
    assert '--json \'{"name": "tea-shop", "engine": "medusa"}\'' in text
