"""Who gives away what, and who asks about others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.api.access.asking import CORE, RBAC, allow, bound, role, told
from tests.sandbox.api.access.conftest import Guarded


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
