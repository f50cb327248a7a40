"""Roles, bindings and subjects."""

from typing import Any

import pytest

from sandbox.api.access.attributes import Attributes
from sandbox.api.access.authorizer import GROUP, Authorizer
from sandbox.api.access.identity import AUTHENTICATED, NOBODY, User
from sandbox.api.registry import Registry

ADA = User("ada", ("team", AUTHENTICATED))
ROBOT = User("system:serviceaccount:default:robot", ("system:serviceaccounts", AUTHENTICATED))
GET = Attributes("get", resource="secrets", namespace="default", name="s")
ELSEWHERE = Attributes("get", resource="secrets", namespace="kube-public", name="s")
RULES = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]


def make(registry: Registry, plural: str, name: str, *, namespace: str | None = None, **body: Any) -> None:
    resource = registry.resource(plural, GROUP)
    registry.create(resource, namespace, {"metadata": {"name": name, "labels": body.pop("labels", {})}, **body})


def binding(kind: str, role: str, *subjects: dict[str, str]) -> dict[str, Any]:
    return {"roleRef": {"apiGroup": GROUP, "kind": kind, "name": role}, "subjects": list(subjects)}


def user(name: str) -> dict[str, str]:
    return {"kind": "User", "name": name, "apiGroup": GROUP}


@pytest.fixture
def authorizer(registry: Registry) -> Authorizer:
    return Authorizer(registry.storage)


def test_a_role_allows_in_its_own_namespace_only(registry: Registry, authorizer: Authorizer) -> None:
    make(registry, "roles", "reader", namespace="default", rules=RULES)
    assert not authorizer.decide(ADA, GET).allowed
    make(registry, "rolebindings", "ada", namespace="default", **binding("Role", "reader", user("ada")))

    decision = authorizer.decide(ADA, GET)

    assert decision.allowed
    assert decision.reason == 'RBAC: allowed by RoleBinding "ada/default" of Role "reader" to User "ada"'
    assert (decision.role, decision.rule, decision.binding) == ("Role/default/reader", 0, "RoleBinding/default/ada")
    assert not authorizer.decide(ADA, ELSEWHERE).allowed
    assert not authorizer.decide(ADA, Attributes("get", resource="secrets", name="s")).allowed
    assert not authorizer.decide(User("bob", ADA.groups), GET).allowed


def test_a_cluster_role_allows_where_it_is_bound(registry: Registry, authorizer: Authorizer) -> None:
    make(registry, "clusterroles", "reader", rules=RULES)
    make(registry, "rolebindings", "here", namespace="default", **binding("ClusterRole", "reader", user("ada")))
    assert authorizer.decide(ADA, GET).allowed
    assert not authorizer.decide(ADA, ELSEWHERE).allowed
    group = {"kind": "Group", "name": "team", "apiGroup": GROUP}
    make(registry, "clusterrolebindings", "all", **binding("ClusterRole", "reader", group))

    decision = authorizer.decide(ADA, ELSEWHERE)

    assert decision.reason == 'RBAC: allowed by ClusterRoleBinding "all" of ClusterRole "reader" to Group "team"'
    assert authorizer.decide(ADA, Attributes("get", resource="secrets")).allowed


@pytest.mark.parametrize("named", [{"namespace": "default"}, {}])
def test_an_account_is_found_by_its_namespace_or_the_bindings(
    registry: Registry, authorizer: Authorizer, named: dict[str, str]
) -> None:
    make(registry, "clusterroles", "reader", rules=RULES)
    robot = {"kind": "ServiceAccount", "name": "robot", **named}
    make(registry, "rolebindings", "r", namespace="default", **binding("ClusterRole", "reader", robot))
    told = 'RBAC: allowed by RoleBinding "r/default" of ClusterRole "reader" to ServiceAccount "robot/default"'
    assert authorizer.decide(ROBOT, GET).reason == told


def test_each_change_counts_at_once(registry: Registry, authorizer: Authorizer) -> None:
    roles, bindings = registry.resource("clusterroles", GROUP), registry.resource("clusterrolebindings", GROUP)
    make(registry, "clusterrolebindings", "b", **binding("ClusterRole", "late", user("ada")))
    decision = authorizer.decide(ADA, GET)
    assert decision.reason == 'RBAC: clusterrole.rbac.authorization.k8s.io "late" not found'
    make(registry, "clusterroles", "late", rules=RULES)
    assert authorizer.decide(ADA, GET).allowed
    registry.patch(roles, None, "late", {"rules": []}, "merge")
    assert not authorizer.decide(ADA, GET).allowed
    registry.patch(roles, None, "late", {"rules": RULES}, "merge")
    assert authorizer.decide(ADA, GET).allowed
    registry.delete(bindings, None, "b")
    assert not authorizer.decide(ADA, GET).allowed


def test_a_masters_request_is_not_looked_at(authorizer: Authorizer) -> None:
    assert authorizer.decide(User("root", ("system:masters",)), GET).allowed


@pytest.mark.parametrize(
    ("who", "asked", "allowed"),
    [
        (ADA, Attributes("get", path="/apis/apps"), True),
        (ADA, Attributes("get", path="/openapi/v3"), True),
        (ADA, Attributes("get", path="/metrics"), False),
        (ADA, Attributes("create", "authorization.k8s.io", "selfsubjectaccessreviews"), True),
        (ADA, Attributes("create", "authorization.k8s.io", "subjectaccessreviews"), False),
        (NOBODY, Attributes("get", path="/healthz"), True),
        (NOBODY, Attributes("get", path="/version"), True),
        (NOBODY, Attributes("get", path="/apis"), False),
    ],
)
def test_everybody_may_ask_what_there_is(authorizer: Authorizer, who: User, asked: Attributes, allowed: bool) -> None:
    assert authorizer.decide(who, asked).allowed is allowed


@pytest.mark.parametrize(
    ("role", "asked", "allowed"),
    [
        ("view", "get configmaps", True),
        ("view", "get secrets", False),
        ("view", "update configmaps", False),
        ("edit", "get secrets", True),
        ("edit", "delete pods", True),
        ("edit", "create resourcequotas", False),
        ("admin", "delete pods", True),
        ("admin", "get limitranges", True),
        ("cluster-admin", "create resourcequotas", True),
    ],
)
def test_the_roles_for_people(registry: Registry, authorizer: Authorizer, role: str, asked: str, allowed: bool) -> None:
    make(registry, "rolebindings", "ada", namespace="default", **binding("ClusterRole", role, user("ada")))
    verb, resource = asked.split()
    attributes = Attributes(verb, resource=resource, namespace="default")
    assert authorizer.decide(ADA, attributes).allowed is allowed


def test_a_role_with_a_label_becomes_part_of_view_edit_and_admin_and_leaves_again(
    registry: Registry, authorizer: Authorizer
) -> None:
    stores = [{"apiGroups": ["storeplane.dev"], "resources": ["stores"], "verbs": ["get"]}]
    asked = Attributes("get", "storeplane.dev", "stores", namespace="default")
    for role in ("view", "edit", "admin"):
        name = f"by-{role}"
        make(registry, "rolebindings", name, namespace="default", **binding("ClusterRole", role, user(name)))
    labels = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    make(registry, "clusterroles", "stores-viewer", labels=labels, rules=stores)
    assert all(authorizer.decide(User(f"by-{role}"), asked).allowed for role in ("view", "edit", "admin"))
    assert authorizer.decide(User("by-admin"), asked).role == "ClusterRole/admin"

    registry.delete(registry.resource("clusterroles", GROUP), None, "stores-viewer")

    assert not any(authorizer.decide(User(f"by-{role}"), asked).allowed for role in ("view", "edit", "admin"))


def test_the_aggregated_roles_are_made_as_the_aggregation_would_leave_them(registry: Registry) -> None:
    roles = registry.list(registry.resource("clusterroles", GROUP))["items"]
    managers = {field["manager"] for role in roles for field in role["metadata"]["managedFields"]}
    assert managers == {"kube-apiserver"}
