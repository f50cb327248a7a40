"""The account of the Job, against an API that asks roles: it may do what `install_crd` does, and nothing beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from provisioner.mirror.schema import crd
from tests.charts.rendering import ROOT, SYSTEM, one, render_platform
from tests.provisioner.fake_api import kubeconfig
from tests.sandbox.api.serving import Served, serving

NAME = "storeplane-prepare"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


@pytest.fixture
def token(served: Served) -> str:
    """Of the account, bound to its role as the chart binds it."""
    objects = render_platform()
    accounts = f"/api/v1/namespaces/{SYSTEM}/serviceaccounts"
    with httpx.Client(base_url=served.url) as admin:
        made = [
            ("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}),
            (accounts, one(objects, "ServiceAccount", NAME)),
            (f"{_RBAC}/clusterroles", one(objects, "ClusterRole", "storeplane-definition")),
            (f"{_RBAC}/clusterrolebindings", one(objects, "ClusterRoleBinding", "storeplane-definition")),
        ]
        for path, item in made:
            assert admin.post(path, json=item).status_code == 201
        return str(admin.post(f"{accounts}/{NAME}/token", json={"spec": {}}).json()["status"]["token"])


def test_the_definition_can_be_made_and_made_again(served: Served, token: str, tmp_path: Path) -> None:
    env = {**os.environ, "KUBECONFIG": str(kubeconfig(tmp_path, served.url, token))}
    for _ in range(2):
        argv = [sys.executable, "manage.py", "install_crd"]
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "stores.storeplane.dev is installed.\n"), done.stderr


def test_nothing_else_is_the_accounts(served: Served, token: str) -> None:
    other = crd()
    other["spec"]["group"] = "example.com"
    other["metadata"]["name"] = "stores.example.com"
    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {token}"}) as account:
        assert account.post(DEFINITIONS, json=other).status_code == 201
        for path in (f"{DEFINITIONS}/stores.example.com", DEFINITIONS, "/api/v1/secrets", f"{_RBAC}/clusterroles"):
            assert account.get(path).status_code == 403, path
        assert account.delete(f"{DEFINITIONS}/stores.example.com").status_code == 403
        assert account.delete(f"{DEFINITIONS}/{crd()['metadata']['name']}").status_code == 403
