"""Roles and bindings in few words, and what an answer tells."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox.api.access.conftest import Guarded

RBAC, CORE = "/apis/rbac.authorization.k8s.io/v1", "/api/v1/namespaces/default"


def role(name: str, verbs: str, resources: str, group: str = "") -> dict[str, Any]:
    rules = [{"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split()}]
    return {"metadata": {"name": name}, "rules": rules}


def bound(name: str, kind: str, subject: str) -> dict[str, Any]:
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    who = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": subject}
    return {"metadata": {"name": f"{name}-{subject}"}, "roleRef": reference, "subjects": [who]}


def allow(guarded: Guarded, user: str, verbs: str, resources: str, group: str = "") -> None:
    """In the namespace `default`."""
    name = f"r{len(guarded.log())}"
    guarded.make(f"{RBAC}/namespaces/default/roles", role(name, verbs, resources, group))
    guarded.make(f"{RBAC}/namespaces/default/rolebindings", bound(name, "Role", user))


def told(answer: httpx.Response, code: int) -> str:
    assert answer.status_code == code, answer.text
    return str(answer.json()["message"])
