"""Who is let in over HTTP, in the words of a real API server, and what the log tells of it."""

from __future__ import annotations

import httpx
import pytest

from sandbox.api.access.gate import AccessSettings
from tests.sandbox.api.access.asking import CORE, RBAC, allow, bound, role, told
from tests.sandbox.api.access.conftest import Guarded
from tests.sandbox.api.serving import serving

APPLY = {"Content-Type": "application/apply-patch+yaml"}


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
