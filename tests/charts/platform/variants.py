"""Ways to install the platform that the tests go through: each values file, and combinations of what may be chosen."""

from __future__ import annotations

from typing import Any

from provisioner.cluster import Manifest
from tests.charts.rendering import RELEASE, platform_values, pod_templates, render_platform

EXTERNAL: dict[str, Any] = {
    "postgresql": {"enabled": False},
    "database": {"url": "postgresql://ann:geheim-1@db.example.com/storeplane"},
    "redis": {"enabled": False, "url": "redis://:geheim-2@cache.example.com:6379"},
    "networkPolicies": {"database": {"cidrs": ["10.20.0.0/24"]}, "redis": {"cidrs": ["10.20.1.0/24"]}},
}
OPERATED: dict[str, Any] = {
    "postgresql": {"enabled": False},
    "database": {"existingSecret": "cluster-app", "key": "uri"},
    "networkPolicies": {
        "database": {
            "namespaceLabels": {"kubernetes.io/metadata.name": "databases"},
            "podLabels": {"cnpg.io/cluster": "storeplane"},
        }
    },
}
MONITORED: dict[str, Any] = {
    "metrics": {
        "monitors": {"enabled": True, "labels": {"release": "prometheus"}},
        "alerts": {"enabled": True, "labels": {"release": "prometheus"}},
        "dashboard": {"enabled": True, "annotations": {"grafana_folder": "Platform"}},
    }
}
VARIANTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "defaults": ((), {}),
    "local": (("values-local.yaml",), {}),
    "local on k3s": (("values-local.yaml", "values-k3s.yaml"), {}),
    "production": (("values-prod.yaml",), {}),
    "production on k3s": (("values-prod.yaml", "values-k3s.yaml"), {}),
    "servers by URL": ((), EXTERNAL),
    "database of an operator, Redis of the chart": ((), OPERATED),
    "another cluster": ((), {"kubeconfig": {"existingSecret": "far-away"}}),
    "monitored": ((), MONITORED),
    "scrapes without a token": ((), {**MONITORED, "metrics": {**MONITORED["metrics"], "protected": False}}),
    "without ingress": ((), {"ingress": {"enabled": False}}),
    "without policies": ((), {"networkPolicies": {"enabled": False}}),
    "without roles": ((), {"rbac": {"create": False}, "prepare": {"installDefinition": False}}),
    "many of each": (
        (),
        {
            "web": {"replicas": 3},
            "workers": {name: {"replicas": 2} for name in ("provision", "teardown", "events")},
            "watcher": {"replicas": 2},
        },
    ),
    "own registry": (
        (),
        {
            "registry": "registry.example.com/team/",
            "imagePullSecrets": [{"name": "registry"}],
            "imagePullPolicy": "Always",
        },
    ),
    "own settings": (
        (),
        {
            "extraEnv": [{"name": "STOREPLANE_HELM", "value": "/opt/helm"}],
            "extraAllowedHosts": ["shops.example.com"],
            "settings": {
                "trustedProxies": ["10.0.0.0/8"],
                "trustUserHeader": True,
                "resourceTenants": ["ann", "ben"],
                "rateLimitScale": 0.5,
            },
            "postgresql": {"storage": {"className": "fast"}},
            "stores": {"ingress": {"annotations": {"example.com/money": "$(STOREPLANE_SECRET_KEY) $5"}}},
        },
    ),
}


def rendered(variant: str) -> list[Manifest]:
    """The objects of one of them."""
    files, values = VARIANTS[variant]
    return render_platform(*files, **values)


def given(variant: str) -> dict[str, Any]:
    """The values of one of them."""
    files, values = VARIANTS[variant]
    return platform_values(*files, **values)


def spec_of(process: str, objects: list[Manifest] | None = None) -> Manifest:
    """The spec of the pods of one process."""
    templates = dict(pod_templates(objects or render_platform()))
    spec: Manifest = templates[f"{RELEASE}-{process}"]["spec"]
    return spec


def main_of(process: str, objects: list[Manifest] | None = None) -> Manifest:
    """Its container."""
    (container,) = spec_of(process, objects)["containers"]
    return dict(container)


def environment(container: Manifest) -> dict[str, str]:
    """The plain values; of names that come twice the last counts, as for Kubernetes."""
    return {variable["name"]: variable.get("value", "") for variable in container["env"]}
