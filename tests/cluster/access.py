"""What the ingress controller may read, as its documentation lists it."""

from __future__ import annotations

from tests.cluster.api import Api, Json

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_NAME = "traefik"


def grant_traefik(api: Api) -> None:
    """A role and its binding to the user of traefik's certificate."""
    api.create(f"{_RBAC}/clusterroles", role())
    api.create(f"{_RBAC}/clusterrolebindings", binding())


def role() -> Json:
    read = ["get", "list", "watch"]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": _NAME},
        "rules": [
            {"apiGroups": [""], "resources": ["services", "endpoints", "secrets", "nodes"], "verbs": read},
            {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses", "ingressclasses"], "verbs": read},
            {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses/status"], "verbs": ["update"]},
        ],
    }


def binding() -> Json:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": _NAME},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": _NAME},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": _NAME}],
    }
