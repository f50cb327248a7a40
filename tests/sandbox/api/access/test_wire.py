"""Who is let in over HTTP, in the words of a real API server, and what the log tells of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.api.access.gate import AccessSettings
from sandbox.api.access.tokens import TokenFileError, read_token_file
from tests.sandbox.api.access.conftest import Guarded
from tests.sandbox.api.serving import serving

RBAC, CORE = "/apis/rbac.authorization.k8s.io/v1", "/api/v1/namespaces/default"
APPLY = {"Content-Type": "application/apply-patch+yaml"}


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


def test_an_unknown_token_is_unauthorized_also_where_nobody_needs_one(guarded: Guarded) -> None:
    answer = guarded.client("wrong").get("/healthz")
    assert answer.status_code == 401
    assert answer.json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "Unauthorized",
        "reason": "Unauthorized",
        "code": 401,
    }
    assert guarded.log()[-1] == {
        "user": "", "verb": "get", "path": "/healthz", "code": 401, "allowed": False, "reason": "Unauthorized",
    }  # fmt: skip


def test_without_a_token_one_is_anonymous(guarded: Guarded) -> None:
    assert guarded.nobody.get("/version").status_code == 200
    answer = guarded.nobody.get("/apis")
    assert told(answer, 403) == 'forbidden: User "system:anonymous" cannot get path "/apis"'
    message = 'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group "" '
    assert told(guarded.nobody.get(f"{CORE}/configmaps"), 403) == f'{message}in the namespace "default"'


def test_without_a_token_one_may_be_refused() -> None:
    with serving(access=AccessSettings("refuse")) as served:
        assert told(httpx.get(f"{served.url}/version"), 401) == "Unauthorized"


def test_without_a_token_one_is_the_admin_unless_it_is_said_otherwise() -> None:
    with serving() as served:
        assert httpx.get(f"{served.url}{CORE}/secrets").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        (
            "GET",
            "/apis/apps/v1/namespaces/default/deployments/x/scale",
            'deployments.apps "x" is forbidden: User "ada" cannot get resource "deployments/scale" in API group "apps" '
            'in the namespace "default"',
        ),
        (
            "PATCH",
            "/apis/storeplane.dev/v1/stores/s",
            'stores.storeplane.dev "s" is forbidden: User "ada" cannot patch resource "stores" in API group '
            '"storeplane.dev" at the cluster scope',
        ),
        (
            "GET",
            "/api/v1/namespaces/default",
            'namespaces "default" is forbidden: User "ada" cannot get resource "namespaces" in API group "" in the '
            'namespace "default"',
        ),
        (
            "DELETE",
            "/api/v1/namespaces/default/pods",
            'pods is forbidden: User "ada" cannot deletecollection resource "pods" in API group "" in the namespace '
            '"default"',
        ),
        (
            "GET",
            "/api/v1/pods?watch=1",
            'pods is forbidden: User "ada" cannot watch resource "pods" in API group "" at the cluster scope',
        ),
    ],
)
def test_a_refusal_says_who_cannot_do_what_where(guarded: Guarded, method: str, path: str, message: str) -> None:
    answer = guarded.ada.request(method, path)
    assert told(answer, 403) == message
    assert (answer.json()["reason"], answer.json()["code"]) == ("Forbidden", 403)


def test_the_details_of_a_refusal_name_the_object(guarded: Guarded) -> None:
    details = guarded.ada.get("/apis/storeplane.dev/v1/stores/s").json()["details"]
    assert details == {"name": "s", "group": "storeplane.dev", "kind": "stores"}


def test_an_apply_needs_patch_and_where_nothing_is_yet_create(guarded: Guarded) -> None:
    allow(guarded, "ada", "patch", "configmaps")
    path, wish = f"{CORE}/configmaps/c?fieldManager=m", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
    refused = guarded.ada.patch(path, json=wish, headers=APPLY)
    message = 'configmaps "c" is forbidden: User "ada" cannot create resource "configmaps" in API group "" '
    assert told(refused, 403) == f'{message}in the namespace "default"'
    assert guarded.root.get(f"{CORE}/configmaps/c").status_code == 404

    guarded.make(f"{CORE}/configmaps", {"metadata": {"name": "c"}})

    assert guarded.ada.patch(path, json=wish, headers=APPLY).status_code == 200


def test_an_update_that_may_create_needs_create(guarded: Guarded) -> None:
    allow(guarded, "ada", "update", "leases", "coordination.k8s.io")
    path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l"
    message = 'leases.coordination.k8s.io "l" is forbidden: User "ada" cannot create resource "leases" in API group '
    assert told(guarded.ada.put(path, json={"metadata": {"name": "l"}}), 403).startswith(message)
    allow(guarded, "ada", "create", "leases", "coordination.k8s.io")
    assert guarded.ada.put(path, json={"metadata": {"name": "l"}}).status_code == 201


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


def test_nobody_grants_what_they_do_not_have(guarded: Guarded) -> None:
    allow(guarded, "ada", "get create update", "roles rolebindings", "rbac.authorization.k8s.io")
    allow(guarded, "ada", "get", "pods")
    path = f"{RBAC}/namespaces/default/roles"
    assert guarded.ada.post(path, json=role("fine", "get", "pods")).status_code == 201

    refused = guarded.ada.post(path, json=role("greedy", "get list delete", "pods secrets"))

    assert told(refused, 403) == (
        'roles.rbac.authorization.k8s.io "greedy" is forbidden: user "ada" (groups=["team" "other" '
        '"system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete" "list"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["delete" "get" "list"]}'
    )
    changed = guarded.ada.put(f"{path}/fine", json=role("fine", "get list", "pods"))
    assert '{APIGroups:[""], Resources:["pods"], Verbs:["list"]}' in told(changed, 403)
    allow(guarded, "ada", "escalate", "roles", "rbac.authorization.k8s.io")
    assert guarded.ada.post(path, json=role("greedy", "get", "secrets")).status_code == 201


def test_nobody_binds_a_role_that_has_more_than_they_have(guarded: Guarded) -> None:
    allow(guarded, "ada", "create", "rolebindings", "rbac.authorization.k8s.io")
    path = f"{RBAC}/namespaces/default/rolebindings"
    refused = guarded.ada.post(path, json=bound("view", "ClusterRole", "bob"))
    assert "is attempting to grant RBAC permissions not currently held" in told(refused, 403)
    assert "not found" in told(guarded.ada.post(path, json=bound("missing", "Role", "bob")), 403)
    allow(guarded, "ada", "bind", "clusterroles", "rbac.authorization.k8s.io")
    assert guarded.ada.post(path, json=bound("view", "ClusterRole", "bob")).status_code == 201
    assert guarded.bob.get(f"{CORE}/pods").status_code == 200


def test_the_log_names_the_rule_that_allowed_it(guarded: Guarded) -> None:
    guarded.make(f"{RBAC}/clusterroles", role("reader", "list watch", "pods services"))
    guarded.make(f"{RBAC}/clusterrolebindings", bound("reader", "ClusterRole", "ada"))
    with guarded.ada.stream("GET", f"{CORE}/services?watch=1") as watching:
        assert watching.status_code == 200
        line = guarded.log()[-1]
    assert line == {
        "user": "ada", "verb": "watch", "group": "", "resource": "services", "subresource": "",
        "namespace": "default", "name": "", "code": 200, "allowed": True,
        "by": {"role": "ClusterRole/reader", "rule": 0, "binding": "ClusterRoleBinding/reader-ada"},
    }  # fmt: skip
    guarded.ada.get(f"{CORE}/secrets/s")
    assert {**guarded.log()[-1], "reason": ""} == {
        "user": "ada", "verb": "get", "group": "", "resource": "secrets", "subresource": "",
        "namespace": "default", "name": "s", "code": 403, "allowed": False, "reason": "",
    }  # fmt: skip


def test_an_apply_that_makes_something_is_two_lines(guarded: Guarded) -> None:
    wish = {"apiVersion": "v1", "kind": "ConfigMap"}
    guarded.root.patch(f"{CORE}/configmaps/c?fieldManager=m", json=wish, headers=APPLY)
    assert [(line["verb"], line["code"]) for line in guarded.log()] == [("patch", 201), ("create", 201)]


def test_a_review_of_another_tells_the_truth_and_needs_a_right(guarded: Guarded) -> None:
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    about = {"verb": "list", "resource": "pods", "namespace": "default"}
    asked = {"spec": {"user": "bob", "resourceAttributes": about}}
    assert guarded.ada.post(path, json=asked).status_code == 403
    assert guarded.root.post(path, json=asked).json()["status"] == {"allowed": False}
    allow(guarded, "bob", "list", "pods")
    status = guarded.root.post(path, json=asked).json()["status"]
    assert status["allowed"]
    assert status["reason"].startswith('RBAC: allowed by RoleBinding "')
    path = path.replace("/subject", "/namespaces/default/localsubject")
    assert guarded.root.post(path, json=asked).json()["status"]["allowed"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"user": "u"}, "spec.resourceAttributes: Invalid value"),
        ({"resourceAttributes": {"verb": "get"}}, "spec.user: Invalid value"),
        (
            {"user": "u", "resourceAttributes": {}, "nonResourceAttributes": {}},
            "exactly one of nonResourceAttributes or resourceAttributes must be specified",
        ),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(guarded: Guarded, spec: dict[str, Any], message: str) -> None:
    answer = guarded.root.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", json={"spec": spec})
    assert message in told(answer, 422)
