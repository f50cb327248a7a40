"""Claims about every object that the Medusa chart makes."""

from __future__ import annotations

import json
from typing import Any

import kubernetes_validate
import pytest

from provisioner.helm import ChartInvalid
from tenants.plans import PLANS
from tests.charts.rendering import (
    CHART,
    KUBERNETES,
    STORE,
    containers,
    lint,
    one,
    pod_templates,
    render,
    render_upgrade,
)

TLS = {
    "className": "nginx",
    "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
    "tls": {"enabled": True, "secretName": ""},
}
VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "tls": {"ingress": TLS},
    "traefik": {
        "ingressController": {
            "namespaceLabels": {"kubernetes.io/metadata.name": "kube-system"},
            "podLabels": {"app.kubernetes.io/name": "traefik"},
        }
    },
    "many storefronts": {"replicas": {"storefront": 3}},
    "suspended": {"replicas": {"postgres": 0, "backend": 0, "storefront": 0}},
    "own registry": {"imagePullSecrets": [{"name": "registry"}], "imagePullPolicy": "Always"},
    "own storage class": {"storage": {"className": "fast"}},
    **{f"plan {name}": plan.chart_values() for name, plan in PLANS.items()},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("version", KUBERNETES)
def test_every_object_is_valid_for_the_api(variant: str, version: str) -> None:
    for item in render_upgrade(**VARIANTS[variant]):
        assert kubernetes_validate.validate(item, version, strict=True) == version


@pytest.mark.parametrize("variant", VARIANTS)
def test_lint_finds_nothing_above_a_hint(variant: str) -> None:
    assert lint(CHART, {"store": STORE, **VARIANTS[variant]}) == []


def test_every_object_pod_and_volume_says_which_store_it_belongs_to() -> None:
    objects = render_upgrade(replicas={"storefront": 2})
    claims = one(objects, "StatefulSet", "postgres")["spec"]["volumeClaimTemplates"]
    for item in [*objects, *(template for _, template in pod_templates(objects)), *claims]:
        labels = item["metadata"]["labels"]
        assert labels["app.kubernetes.io/part-of"] == "storeplane"
        assert labels["storeplane.dev/store"] == "tea-shop"


def test_the_objects_are_those_that_the_platform_counts_on() -> None:
    names = {(item["kind"], item["metadata"]["name"]) for item in render()}
    assert names == {
        ("ConfigMap", "storefront"),
        ("Deployment", "backend"),
        ("Deployment", "storefront"),
        ("Ingress", "store"),
        ("LimitRange", "store"),
        ("NetworkPolicy", "backend"),
        ("NetworkPolicy", "database"),
        ("NetworkPolicy", "default-deny"),
        ("NetworkPolicy", "migration"),
        ("NetworkPolicy", "storefront"),
        ("ResourceQuota", "store"),
        ("Service", "backend"),
        ("Service", "postgres"),
        ("Service", "storefront"),
        ("StatefulSet", "postgres"),
    }


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"store": {**STORE, "name": "Tea Shop"}}, "/store/name"),
        ({"store": {**STORE, "displayName": ""}}, "/store/displayName"),
        ({"store": {**STORE, "url": "ftp://x"}}, "/store/url"),
        ({"store": {**STORE, "password": "x"}}, "password"),
        ({"images": {"medusa": "a b"}}, "/images/medusa"),
        ({"replicas": {"postgres": 2}}, "/replicas/postgres"),
        ({"replicas": {"backend": 2}}, "/replicas/backend"),
        ({"storage": {"size": "big"}}, "/storage/size"),
        ({"resources": {"backend": {"limits": {"cpu": None}}}}, "cpu"),
        ({"quota": {"hard": {"pods": 12}}}, "/quota/hard/pods"),
        ({"ingressController": {"podLabels": {"app": 1}}}, "/ingressController/podLabels"),
        ({"dns": {"cidrs": ["169.254.20.10"]}}, "/dns/cidrs/0"),
        ({"imagePullPolicy": "Sometimes"}, "/imagePullPolicy"),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], named: str) -> None:
    with pytest.raises(ChartInvalid) as refused:
        render(**values)
    assert named in str(refused.value)


def test_no_secret_is_made_and_credentials_come_from_the_stores_own() -> None:
    objects = render_upgrade()
    assert "Secret" not in {item["kind"] for item in objects}
    for _, template in pod_templates(objects):
        for container in containers(template["spec"]):
            for variable in container["env"]:
                if any(word in variable["name"] for word in ("PASSWORD", "SECRET", "KEY", "ADMIN")):
                    assert variable["valueFrom"]["secretKeyRef"]["name"] == "store-credentials"


@pytest.mark.parametrize(
    "name", ['Jo\'s "Tea" & Co', "a: b # c", "two\nlines", "{{ .Values }}", "茶 😀", "$(JWT_SECRET)"]
)
def test_any_display_name_reaches_shop_and_backend_as_it_is(name: str) -> None:
    objects = render(store={**STORE, "displayName": name})
    config = json.loads(one(objects, "ConfigMap", "storefront")["data"]["config.json"])
    assert config["storeName"] == name
    backend = one(objects, "Deployment", "backend")["spec"]["template"]["spec"]["containers"][0]
    (stored,) = [variable["value"] for variable in backend["env"] if variable["name"] == "STORE_NAME"]
    # Kubernetes turns `$$` into `$`, and would turn `$(JWT_SECRET)` into the secret.
    assert "$(" not in stored.replace("$$", "")
    assert stored.replace("$$", "$") == name


@pytest.mark.parametrize("end", ["\u0085", "\u2028", "\u2029", "\n", "\r"])
def test_a_display_name_adds_no_yaml_of_its_own(end: str) -> None:
    lines = (
        "a",
        "kind: Secret",
        "metadata: {name: x, namespace: kube-system}",
        "data: {A: eA==}",
        "stringData:",
        " z: |",
        "  b",
    )
    name = end.join(lines)
    objects = render(store={**STORE, "displayName": name})

    kinds = sorted((each["kind"], each["metadata"]["name"]) for each in render())
    assert sorted((each["kind"], each["metadata"]["name"]) for each in objects) == kinds
    config = json.loads(one(objects, "ConfigMap", "storefront")["data"]["config.json"])
    assert config["storeName"] == name
    backend = one(objects, "Deployment", "backend")["spec"]["template"]["spec"]["containers"][0]
    assert name in [variable.get("value") for variable in backend["env"]]


def test_a_new_colour_restarts_the_shop_and_nothing_else() -> None:
    before = dict(pod_templates(render()))
    after = dict(pod_templates(render(theme={"primaryColor": "#123456"})))
    assert [name for name in before if before[name] != after[name]] == ["storefront"]


def test_a_new_display_name_leaves_the_database_alone() -> None:
    before, after = render(), render(store={**STORE, "displayName": "Coffee Shop"})
    assert one(before, "StatefulSet", "postgres") == one(after, "StatefulSet", "postgres")


def test_the_database_volume_outlives_the_release() -> None:
    stateful_set = one(render(), "StatefulSet", "postgres")["spec"]
    assert stateful_set["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert [claim["metadata"]["name"] for claim in stateful_set["volumeClaimTemplates"]] == ["data"]


@pytest.mark.parametrize(("url", "secure"), [("http://x.localhost:8080", "false"), ("https://x.example", "true")])
def test_cookies_are_secure_exactly_when_the_shop_has_tls(url: str, secure: str) -> None:
    backend = one(render(store={**STORE, "url": url}), "Deployment", "backend")["spec"]["template"]["spec"]
    for container in containers(backend):
        assert {"name": "COOKIE_SECURE", "value": secure} in container["env"]


def test_the_shop_and_the_backend_share_one_host() -> None:
    (rule,) = one(render(), "Ingress", "store")["spec"]["rules"]
    served = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    backend = ("/store", "/admin", "/auth", "/app", "/static", "/hooks", "/health")
    assert rule["host"] == "tea-shop.localhost"
    assert served == {**dict.fromkeys(backend, "backend"), "/": "storefront"}


def test_tls_names_the_host_and_a_secret() -> None:
    ingress = one(render(ingress=TLS), "Ingress", "store")
    assert ingress["spec"]["tls"] == [{"hosts": ["tea-shop.localhost"], "secretName": "store-tls"}]
    assert ingress["spec"]["ingressClassName"] == "nginx"
    assert ingress["metadata"]["annotations"] == TLS["annotations"]
