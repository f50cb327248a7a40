"""Claims about what the chart tells the platform's processes: by the settings that they make of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.charts.platform.variants import environment, main_of, rendered
from tests.charts.rendering import ROOT, render_platform

_SETTINGS = """
import django, json
from django.conf import settings
django.setup()
from config.apps import refuse_unsafe_settings
refuse_unsafe_settings()
print(json.dumps({
    "allowed": settings.ALLOWED_HOSTS,
    "annotations": settings.STOREPLANE_INGRESS_ANNOTATIONS,
    "controller": [settings.STOREPLANE_INGRESS_NAMESPACE_LABELS, settings.STOREPLANE_INGRESS_POD_LABELS],
    "networks": [settings.STOREPLANE_INGRESS_CIDRS, settings.STOREPLANE_DNS_CIDRS],
    "proxies": settings.STOREPLANE_TRUSTED_PROXIES,
    "secrets": settings.STOREPLANE_IMAGE_PULL_SECRETS,
}))
"""
_NAMESPACE, _NAME = "kubernetes.io/metadata.name", "app.kubernetes.io/name"
_NGINX = [{_NAMESPACE: "ingress-nginx"}, {_NAME: "ingress-nginx"}]
VALUES = {
    "defaults": {"annotations": {}, "controller": _NGINX, "proxies": []},
    "production on k3s": {
        "annotations": {"cert-manager.io/cluster-issuer": "letsencrypt"},
        "controller": [{_NAMESPACE: "kube-system"}, {_NAME: "traefik"}],
        "proxies": ["10.0.0.0/8"],
    },
    "own settings": {
        "annotations": {"example.com/money": "$(STOREPLANE_SECRET_KEY) $5"},
        "controller": _NGINX,
        "proxies": ["10.0.0.0/8"],
    },
}


@pytest.mark.parametrize("variant", ["defaults", "production on k3s", "own settings"])
def test_the_platform_starts_with_what_it_is_told(variant: str, tmp_path: Path) -> None:
    given = environment(main_of("web", rendered(variant)))
    given |= {"STOREPLANE_SECRET_KEY": "x" * 50, "POD_IP": "10.1.2.3", "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    # The rest comes from Secrets.
    given |= {"DATABASE_URL": "postgresql://x@127.0.0.1:1/x", "REDIS_URL": "redis://:secret@cache:6379"}
    given["STOREPLANE_ALLOWED_HOSTS"] = given["STOREPLANE_ALLOWED_HOSTS"].replace("$(POD_IP)", given["POD_IP"])
    given["STOREPLANE_INGRESS_ANNOTATIONS"] = given["STOREPLANE_INGRESS_ANNOTATIONS"].replace("$$", "$")
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", **given}
    env["DJANGO_SETTINGS_MODULE"] = "config.settings"

    checked = subprocess.run(
        [sys.executable, "-c", _SETTINGS], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
    settings = json.loads(checked.stdout)
    values = VALUES[variant]
    assert settings["allowed"][-7:-3] == ["localhost", "127.0.0.1", "10.1.2.3", "[10.1.2.3]"]
    assert settings["annotations"] == values["annotations"]
    assert settings["controller"] == values["controller"]
    assert settings["networks"] == [[], []]
    assert settings["proxies"] == values["proxies"]
    assert settings["secrets"] == []


@pytest.mark.parametrize(
    ("variant", "secure", "origin"),
    [
        ("local", "false", "http://storeplane.localhost"),
        ("production", "true", "https://storeplane.example.com"),
        ("without ingress", "false", ""),
    ],
)
def test_https_only_follows_the_ingress(variant: str, secure: str, origin: str) -> None:
    told = environment(main_of("web", rendered(variant)))
    assert (told["STOREPLANE_SECURE"], told["STOREPLANE_CSRF_TRUSTED_ORIGINS"]) == (secure, origin)


def test_settings_reach_the_processes_as_they_read_them() -> None:
    told = environment(main_of("worker-events", rendered("own settings")))
    assert told["STOREPLANE_TRUST_USER_HEADER"] == "true"
    assert told["STOREPLANE_TRUSTED_PROXIES"] == "10.0.0.0/8"
    assert told["STOREPLANE_RESOURCE_TENANTS"] == "ann,ben"
    assert told["STOREPLANE_RATE_LIMIT_SCALE"] == "0.5"
    assert told["STOREPLANE_HELM"] == "/opt/helm"
    # Kubernetes turns `$$` into `$`, and would turn `$(STOREPLANE_SECRET_KEY)` into the secret.
    assert told["STOREPLANE_INGRESS_ANNOTATIONS"] == '{"example.com/money":"$$(STOREPLANE_SECRET_KEY) $$5"}'
    assert told["STOREPLANE_INGRESS_POD_LABELS"] == "app.kubernetes.io/name=ingress-nginx"


def test_an_ingress_controller_tells_who_asks_and_never_who_the_user_is() -> None:
    told = environment(main_of("web", rendered("production")))
    assert (told["STOREPLANE_TRUSTED_PROXIES"], told["STOREPLANE_TRUST_USER_HEADER"]) == ("10.0.0.0/8", "false")


def test_the_stores_are_told_of_the_same_controller_and_resolver_as_the_platform_or_of_their_own() -> None:
    own = {"ingressController": {"cidrs": ["10.9.0.0/24"]}, "networkPolicies": {"dns": {"cidrs": ["169.254.20.10/32"]}}}
    theirs = {"ingressController": {"cidrs": ["10.7.0.0/24"]}, "dns": {"podLabels": {"dns": "default"}}}
    same = environment(main_of("worker-provision", render_platform(**own)))
    others = environment(main_of("worker-provision", render_platform(**own, stores=theirs)))
    assert (same["STOREPLANE_INGRESS_CIDRS"], same["STOREPLANE_DNS_CIDRS"]) == ("10.9.0.0/24", "169.254.20.10/32")
    assert (same["STOREPLANE_DNS_NAMESPACE_LABELS"], same["STOREPLANE_DNS_POD_LABELS"]) == (
        "kubernetes.io/metadata.name=kube-system",
        "k8s-app=kube-dns",
    )
    assert (others["STOREPLANE_INGRESS_CIDRS"], others["STOREPLANE_DNS_POD_LABELS"]) == ("10.7.0.0/24", "dns=default")


def test_on_k3s_the_stores_are_told_of_traefik() -> None:
    told = environment(main_of("worker-provision", rendered("local on k3s")))
    assert told["STOREPLANE_INGRESS_CLASS"] == "traefik"
    assert told["STOREPLANE_INGRESS_NAMESPACE_LABELS"] == "kubernetes.io/metadata.name=kube-system"
    assert told["STOREPLANE_INGRESS_POD_LABELS"] == "app.kubernetes.io/name=traefik"
