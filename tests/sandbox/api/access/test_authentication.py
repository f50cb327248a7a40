"""Tokens, and who wants to be somebody else."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sandbox.api.access.gate import AccessSettings
from sandbox.api.access.tokens import TokenFileError, read_token_file
from tests.sandbox.api.access.asking import CORE, allow, told
from tests.sandbox.api.access.conftest import Guarded
from tests.sandbox.api.serving import serving


def test_an_accounts_token_is_good_as_long_as_the_account(guarded: Guarded) -> None:
    guarded.make(f"{CORE}/serviceaccounts", {"metadata": {"name": "robot"}})
    made = guarded.make(f"{CORE}/serviceaccounts/robot/token", {"spec": {"expirationSeconds": 1200}})
    assert made["kind"] == "TokenRequest"
    assert made["spec"]["expirationSeconds"] == 1200
    robot = guarded.client(made["status"]["token"])
    message = 'User "system:serviceaccount:default:robot" cannot list resource "secrets"'
    assert message in told(robot.get(f"{CORE}/secrets"), 403)

    guarded.root.delete(f"{CORE}/serviceaccounts/robot")
    guarded.make(f"{CORE}/serviceaccounts", {"metadata": {"name": "robot"}})

    assert robot.get("/version").status_code == 401


def test_a_token_lives_ten_minutes_at_least(guarded: Guarded) -> None:
    answer = guarded.root.post(f"{CORE}/serviceaccounts/default/token", json={"spec": {"expirationSeconds": 60}})
    assert told(answer, 422) == (
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: '
        "may not specify a duration less than 10 minutes"
    )


def test_a_token_is_known_after_a_restart_and_not_kept_in_the_clear(tmp_path: Path) -> None:
    state = tmp_path / "objects.db"
    with serving(state, AccessSettings("refuse", _root_only(tmp_path))) as served:
        root = httpx.Client(base_url=served.url, headers={"Authorization": "Bearer root-token"})
        token = root.post(f"{CORE}/serviceaccounts/default/token", json={}).json()["status"]["token"]
    assert token.encode() not in b"".join(file.read_bytes() for file in tmp_path.glob("objects.db*"))
    with serving(state, AccessSettings("refuse")) as served:
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{served.url}/version", headers=headers).status_code == 200


def _root_only(folder: Path) -> Path:
    path = folder / "tokens.csv"
    path.write_text("root-token,root,1,system:masters\n")
    return path


def test_a_broken_token_file_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "tokens.csv").write_text("a,b,c\nonly-a-token\n")
    with pytest.raises(TokenFileError, match=r"Line 2 of .*/tokens\.csv is not token,name,uid,groups"):
        read_token_file(tmp_path / "tokens.csv")


def test_impersonation_must_be_allowed(guarded: Guarded) -> None:
    jane = guarded.client("ada-token", **{"Impersonate-User": "jane"})
    message = 'users "jane" is forbidden: User "ada" cannot impersonate resource "users" in API group "" '
    assert told(jane.get("/version"), 403) == f"{message}at the cluster scope"
    account = guarded.client("ada-token", **{"Impersonate-User": "system:serviceaccount:default:robot"})
    message = 'serviceaccounts "robot" is forbidden: User "ada" cannot impersonate resource "serviceaccounts" in API '
    assert told(account.get("/version"), 403) == f'{message}group "" in the namespace "default"'
    allow(guarded, "ada", "impersonate", "serviceaccounts")
    assert account.get("/version").status_code == 200


def test_who_is_impersonated_has_only_its_own_rights_and_groups(guarded: Guarded) -> None:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    jane = guarded.client("root-token", **{"Impersonate-User": "jane", "Impersonate-Group": "g"})
    found = jane.post(path, json=review).json()["status"]["userInfo"]
    assert found == {"username": "jane", "groups": ["g", "system:authenticated"]}
    assert jane.get(f"{CORE}/secrets").status_code == 403
    line = guarded.log()[-1]
    assert (line["user"], line["impersonatedBy"], line["allowed"]) == ("jane", "root", False)
    robot = guarded.client("root-token", **{"Impersonate-User": "system:serviceaccount:default:robot"})
    groups = ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"]
    assert robot.post(path, json=review).json()["status"]["userInfo"]["groups"] == groups


def test_a_group_alone_cannot_be_impersonated(guarded: Guarded) -> None:
    group = guarded.client("root-token", **{"Impersonate-Group": "system:masters"})
    assert "without impersonating a user" in told(group.get("/version"), 500)
