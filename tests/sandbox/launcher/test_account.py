"""The platform's account, made against a real stand-in."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.launcher.account import ROLE, USER, make_account
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home
from sandbox.launcher.options import Options
from sandbox.launcher.processes import platform_processes
from tests.sandbox.api.serving import Served, serving


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def admins(served: Served, folder: Path) -> Path:
    """As the sandbox writes it."""
    path = folder / "admin"
    cluster = {"name": "storeplane", "cluster": {"server": served.url}}
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", "clusters": [cluster]}))
    return path


def client_of(kubeconfig: Path) -> httpx.Client:
    config: Any = json.loads(kubeconfig.read_text())
    token = config["users"][0]["user"]["token"]
    return httpx.Client(
        base_url=config["clusters"][0]["cluster"]["server"], headers={"Authorization": f"Bearer {token}"}
    )


def test_the_platform_may_do_what_its_role_says_and_nothing_else(served: Served, tmp_path: Path) -> None:
    out = tmp_path / "platform"
    make_account(admins(served, tmp_path), out)

    assert out.stat().st_mode & 0o777 == 0o600
    with client_of(out) as platform:
        assert platform.get("/api/v1/secrets").status_code == 200
        refused = platform.get("/apis/rbac.authorization.k8s.io/v1/clusterroles")
        assert f'User "{USER}" cannot list resource "clusterroles"' in refused.json()["message"]
        assert platform.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", json={}).status_code == 403


def test_programs_that_send_no_token_over_plain_http_say_who_they_are(served: Served, tmp_path: Path) -> None:
    out = tmp_path / "platform"
    make_account(admins(served, tmp_path), out)
    config = json.loads(out.read_text())
    assert config["users"][0]["user"]["as"] == USER
    assert config["contexts"][0]["context"]["user"] == config["users"][0]["name"] == config["current-context"]


def test_a_second_start_mends_what_was_changed(served: Served, tmp_path: Path) -> None:
    out = tmp_path / "platform"
    make_account(admins(served, tmp_path), out)
    roles = f"{served.url}/apis/rbac.authorization.k8s.io/v1/clusterroles/{ROLE}"
    wide = {"rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}
    httpx.patch(roles, content=json.dumps(wide), headers={"Content-Type": "application/merge-patch+json"})
    with client_of(out) as before:
        assert before.get("/api/v1/nodes").status_code == 200
        make_account(admins(served, tmp_path), out)
        assert before.get("/api/v1/nodes").status_code == 403
    with client_of(out) as after:
        assert after.get("/api/v1/secrets").status_code == 200


def test_a_sandbox_that_is_away_is_told_in_one_sentence(tmp_path: Path) -> None:
    with serving() as served:
        admin = admins(served, tmp_path)
    with pytest.raises(LauncherError, match="The sandbox did not answer PATCH /api/v1/namespaces/storeplane-system"):
        make_account(admin, tmp_path / "platform")


def test_only_jobs_of_the_admin_have_the_admins_kubeconfig(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    table = {spec.name: spec for spec in platform_processes(home, Options())}
    mine = {name for name, spec in table.items() if spec.env.get("KUBECONFIG") == str(home.kubeconfig)}
    assert mine == {"crd"}
    platforms = {"web", "worker-provision", "worker-teardown", "worker-events", "beat", "watcher"}
    assert {table[name].env["KUBECONFIG"] for name in platforms} == {str(home.platform_kubeconfig)}
    assert all("account" in table[name].after for name in platforms)


def test_on_a_real_cluster_the_given_kubeconfig_is_used_as_it_is(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    table = {spec.name: spec for spec in platform_processes(home, Options(kubeconfig=tmp_path / "mine"))}
    assert "account" not in table
    assert {table[name].env["KUBECONFIG"] for name in ("crd", "web", "watcher")} == {str(tmp_path / "mine")}
