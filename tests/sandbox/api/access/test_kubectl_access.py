"""kubectl, the real program, asks who it is and what it may. It sends no token over plain HTTP, so it uses --as."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.sandbox.api.kubectl import Kubectl
from tests.sandbox.api.serving import Served

if shutil.which("kubectl") is None and not os.environ.get("CI"):
    pytest.skip("kubectl is missing", allow_module_level=True)

AS_ADA = ("--as", "ada", "--as-group", "team")


@pytest.fixture
def kubectl(kubeconfig: Path, tmp_path: Path) -> Kubectl:
    """kubectl as the admin, in the namespace `default`."""
    return Kubectl(kubeconfig, tmp_path, "default")


def test_who_one_is(kubectl: Kubectl) -> None:
    assert kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.groups}") == (
        '["system:masters","system:authenticated"]'
    )
    assert kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo}", *AS_ADA) == (
        '{"groups":["team","system:authenticated"],"username":"ada"}'
    )


def test_a_role_made_by_kubectl_is_what_can_i_tells_of(kubectl: Kubectl) -> None:
    assert kubectl("auth", "can-i", "list", "pods", *AS_ADA, code=1) == "no\n"
    kubectl("create", "role", "lister", "--verb=list", "--resource=pods,deployments.apps")
    kubectl("create", "rolebinding", "team", "--role=lister", "--group=team")

    assert kubectl("auth", "can-i", "list", "pods", *AS_ADA) == "yes\n"
    assert kubectl("auth", "can-i", "list", "pods", "-n", "kube-public", *AS_ADA, code=1) == "no\n"
    assert kubectl("auth", "can-i", "get", "/version", *AS_ADA) == "yes\n"
    assert kubectl("auth", "can-i", "*", "*") == "yes\n"
    rows = [line.split() for line in kubectl("auth", "can-i", "--list", *AS_ADA).splitlines()]
    assert ["pods", "[]", "[]", "[list]"] in rows
    assert ["deployments.apps", "[]", "[]", "[list]"] in rows
    assert kubectl("get", "pods", *AS_ADA) == "No resources found in default namespace.\n"


def test_a_refusal_is_printed_in_full(kubectl: Kubectl) -> None:
    assert kubectl("get", "secret", "s", *AS_ADA, code=1) == (
        'Error from server (Forbidden): secrets "s" is forbidden: User "ada" cannot get resource "secrets" in API '
        'group "" in the namespace "default"\n'
    )
    account = "system:serviceaccount:storeplane:platform"
    assert kubectl("get", "--raw", "/apis/storeplane.dev/v1/stores/x", "--as", account, code=1) == (
        'Error from server (Forbidden): stores.storeplane.dev "x" is forbidden: User "system:serviceaccount:storeplane:'
        'platform" cannot get resource "stores" in API group "storeplane.dev" at the cluster scope\n'
    )


def test_an_accounts_token(kubectl: Kubectl, served: Served) -> None:
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "clusterrolebinding", "robots", "--clusterrole=view", "--serviceaccount=default:robot")
    assert len(kubectl("create", "token", "robot", "--duration=20m").strip()) > 40
    robot = ("--as", "system:serviceaccount:default:robot")
    assert kubectl("auth", "can-i", "watch", "deployments", *robot) == "yes\n"
    assert kubectl("auth", "can-i", "get", "secrets", *robot, code=1) == "no\n"


def test_a_role_aggregates(kubectl: Kubectl) -> None:
    kubectl("create", "clusterrole", "monitoring", "--aggregation-rule=example.com/aggregate-to-monitoring=true")
    kubectl("create", "clusterrole", "part", "--verb=get", "--resource=pods")
    kubectl("label", "clusterrole", "part", "example.com/aggregate-to-monitoring=true")
    kubectl("create", "clusterrolebinding", "team", "--clusterrole=monitoring", "--group=team")
    assert kubectl("auth", "can-i", "get", "pods", *AS_ADA) == "yes\n"
