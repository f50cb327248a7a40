"""Discovery: which groups, versions and resources there are, in the old form and the aggregated one."""

import hashlib

from ..catalog import Catalog
from ..jsontypes import Json, encode
from ..resources import SUBRESOURCE_KINDS, Resource
from .media import Accepted

AGGREGATED = frozenset(("APIGroupDiscoveryList", "apidiscovery.k8s.io", version) for version in ("v2", "v2beta1"))
_SUBRESOURCE_VERBS = {
    "eviction": ["create"],
    "binding": ["create"],
    "log": ["get"],
    "finalize": ["update"],
    "token": ["create"],
}
# The order in which a real server names its groups; others follow by name.
_ORDER = ("", "events.k8s.io", "apps", "autoscaling", "batch", "networking.k8s.io", "policy")


def group_list(catalog: Catalog) -> Json:
    """/apis"""
    groups = [group_of(catalog, group) for group in groups_of(catalog) if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def groups_of(catalog: Catalog) -> list[str]:
    """All group names, the core group first."""
    found = {resource.group for resource in catalog}
    order = {name: position for position, name in enumerate(_ORDER)}
    return sorted(found, key=lambda name: (order.get(name, len(order)), name))


def versions_of(catalog: Catalog, group: str) -> list[str]:
    """The versions of a group, the preferred one first."""
    return list(dict.fromkeys(resource.version for resource in catalog if resource.group == group))


def group_of(catalog: Catalog, group: str) -> Json:
    """/apis/{group}, without kind and apiVersion."""
    versions = [{"groupVersion": f"{group}/{name}", "version": name} for name in versions_of(catalog, group)]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def resource_list(catalog: Catalog, group: str, version: str) -> Json | None:
    """/api/v1 and /apis/{group}/{version}; None when there is no such version."""
    found = [resource for resource in catalog if (resource.group, resource.version) == (group, version)]
    if not found:
        return None
    rows = [row for resource in sorted(found, key=lambda item: item.plural) for row in _rows(resource)]
    name = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": rows}


def _rows(resource: Resource) -> list[Json]:
    row: Json = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        row["shortNames"] = list(resource.short_names)
    if resource.categories:
        row["categories"] = list(resource.categories)
    rows = [row]
    for name in resource.subresources:
        group, version, kind = SUBRESOURCE_KINDS.get(name, ("", "", resource.kind))
        entry: Json = {
            "name": f"{resource.plural}/{name}",
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": kind,
            "verbs": _SUBRESOURCE_VERBS.get(name, ["get", "patch", "update"]),
        }
        if version:
            entry |= {"group": group, "version": version}
        rows.append(entry)
    return rows


def aggregated(catalog: Catalog, accepted: Accepted, *, core: bool) -> Json:
    """/api or /apis in one document (KEP-3352)."""
    groups = [""] if core else [group for group in groups_of(catalog) if group]
    return {
        "kind": accepted.kind,
        "apiVersion": f"{accepted.group}/{accepted.version}",
        "metadata": {},
        "items": [_aggregated_group(catalog, group) for group in groups],
    }


def _aggregated_group(catalog: Catalog, group: str) -> Json:
    versions = []
    for version in versions_of(catalog, group):
        found = [item for item in catalog if (item.group, item.version) == (group, version)]
        resources = [_aggregated_resource(item) for item in sorted(found, key=lambda item: item.plural)]
        versions.append({"version": version, "resources": resources, "freshness": "Current"})
    metadata: Json = {"name": group} if group else {}
    return {"metadata": metadata, "versions": versions}


def _aggregated_resource(resource: Resource) -> Json:
    row: Json = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": sorted(resource.verbs),
    }
    if resource.short_names:
        row["shortNames"] = list(resource.short_names)
    if resource.categories:
        row["categories"] = list(resource.categories)
    if resource.subresources:
        row["subresources"] = [_aggregated_subresource(resource, name) for name in resource.subresources]
    return row


def _aggregated_subresource(resource: Resource, name: str) -> Json:
    group, version, kind = SUBRESOURCE_KINDS.get(name, (resource.group, resource.version, resource.kind))
    return {
        "subresource": name,
        "responseKind": {"group": group, "version": version, "kind": kind},
        "verbs": _SUBRESOURCE_VERBS.get(name, ["get", "patch", "update"]),
    }


def etag(document: Json) -> str:
    """A hash by which clients keep a discovery document."""
    return f'"{hashlib.sha512(encode(document)).hexdigest().upper()}"'
