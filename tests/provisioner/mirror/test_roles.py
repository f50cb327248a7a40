"""The ClusterRoles name nothing that there isn't, and the kinds of all that the platform and its charts handle."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from provisioner.cluster import kinds

RBAC = Path(settings.ROOT) / "deploy" / "chart" / "rbac"
VERBS = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
KNOWN = {(kind.group, kind.plural) for kind in kinds.KINDS}


def role(name: str) -> dict[str, Any]:
    """The manifest of that file."""
    return dict(yaml.safe_load((RBAC / f"{name}.yaml").read_text()))


def rules(name: str) -> list[tuple[str, str, set[str]]]:
    """(group, resource, verbs) of a role, one for each resource."""
    return [
        (group, resource, set(rule["verbs"]))
        for rule in role(name)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    ]


@pytest.mark.parametrize("name", ["platform", "viewer", "editor"])
def test_a_role_names_no_unknown_kind_and_no_wildcard(name: str) -> None:
    assert role(name)["metadata"]["name"] == f"storeplane-{name}"
    for group, resource, verbs in rules(name):
        assert (group, resource.partition("/")[0]) in KNOWN
        assert verbs <= VERBS


def test_viewers_and_editors_get_theirs_by_kubernetes_own_roles() -> None:
    labels = {name: role(name)["metadata"]["labels"] for name in ("viewer", "editor")}

    assert labels["viewer"]["rbac.authorization.k8s.io/aggregate-to-view"] == "true"
    assert labels["editor"]["rbac.authorization.k8s.io/aggregate-to-edit"] == "true"
    assert rules("viewer") == [("storeplane.dev", "stores", {"get", "list", "watch"})]
    assert rules("editor") == [
        ("storeplane.dev", "stores", {"get", "list", "watch", "create", "update", "patch", "delete"})
    ]


def test_the_platform_may_handle_every_kind_of_its_charts() -> None:
    helm_needs = {"get", "create", "patch", "delete"}
    allowed = {resource: verbs for _, resource, verbs in rules("platform")}
    by_kind = {kind.kind: kind.plural for kind in kinds.KINDS}
    charts = Path(settings.ROOT) / "storefront_charts"
    # Only made for more than one replica, which no plan has: a right that nothing uses is not given.
    unused = {"PodDisruptionBudget"}
    used = {
        kind
        for template in charts.glob("*/templates/*.yaml")
        for kind in re.findall(r"^kind: (\w+)$", template.read_text(), re.MULTILINE)
    }

    assert "Deployment" in used
    assert {kind for kind in used - unused if not helm_needs <= allowed[by_kind[kind]]} == set()
