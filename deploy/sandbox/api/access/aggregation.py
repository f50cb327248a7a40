"""Keeps the rules of aggregated ClusterRoles: those of all roles that their selectors find."""

from typing import TYPE_CHECKING

from ..jsontypes import Json
from ..options import WriteOptions
from ..selectors import label_selector_matches, labels_of
from .authorizer import CLUSTER_ROLES, GROUP

if TYPE_CHECKING:
    from ..registry import Registry

_MANAGER = WriteOptions(manager="clusterrole-aggregation-controller", force=True)


def aggregate(registry: "Registry") -> None:
    """Writes the rules that are not as they should be. A role may aggregate aggregated ones: call it until it rests."""
    shelf = registry.storage.shelf(CLUSTER_ROLES)
    roles = [shelf.entries[name].obj for name in shelf.keys(None)]
    for role in roles:
        if not role.get("aggregationRule"):
            continue
        rules = aggregated_rules(role, roles)
        if rules != (role.get("rules") or []):
            name = role["metadata"]["name"]
            wish = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
            resource = registry.resource("clusterroles", GROUP)
            registry.patch(resource, None, name, wish, "apply", options=_MANAGER)


def aggregated_rules(role: Json, roles: list[Json]) -> list[Json]:
    """The rules of the roles that a role's selectors find, by name, each once."""
    found: list[Json] = []
    for other in roles:
        if other["metadata"]["name"] == role["metadata"]["name"]:
            continue
        selectors = role["aggregationRule"].get("clusterRoleSelectors") or ()
        if any(label_selector_matches(selector, labels_of(other)) for selector in selectors):
            found += [rule for rule in other.get("rules") or () if rule not in found]
    return found
