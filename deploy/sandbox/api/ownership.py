"""Who owns which field: ``metadata.managedFields`` on every write, and conflicts when applying."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ApiError
from .jsontypes import Json, clone
from .metadata import now
from .options import Target
from .patching.apply import merge_applied, without
from .patching.compare import compare
from .patching.fields import Paths, decode_paths, encode_paths, named_parents, path_text, paths_of
from .patching.typed import first_misfit
from .resources import Resource
from .schemas.node import Node

if TYPE_CHECKING:
    from .registry import Registry

DEFAULT_MANAGER = "kube-controller-manager"
# Metadata that nobody owns: it belongs to the server, or names the object.
_UNOWNED = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)


@dataclass(frozen=True, order=True)
class Owner:
    """One entry of managedFields: a manager is known by all of these together."""

    operation: str
    manager: str
    api_version: str
    subresource: str = ""

    def described(self) -> str:
        """As conflicts name it."""
        text = f'"{self.manager}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass
class Owned:
    """What an owner owns, and since when."""

    paths: Paths
    time: str = field(default_factory=now)


Owners = dict[Owner, Owned]


class Ownership:
    """Keeps managedFields."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry

    def created(self, resource: Resource, obj: Json, manager: str) -> None:
        """Records the creator of a new object as the owner of all that was sent, and of the defaults."""
        schema = self._registry.schema(resource)
        skeleton = self._registry.kind_of(resource).skeleton or {}
        difference = compare(_owned_part(skeleton), _owned_part(obj), schema)
        owners: Owners = {}
        paths = _writable(difference.added | difference.modified, "", has_status=self._has_status(resource))
        if paths:
            owners[Owner("Update", manager or DEFAULT_MANAGER, resource.api_version)] = Owned(paths)
        _record(obj, owners)

    def updated(self, target: Target, obj: Json, old: Json, manager: str) -> None:
        """Gives changed fields to who changed them, and takes removed ones from everybody."""
        owners = _owners_of(obj, old)
        if owners and not _is_reset(obj):  # what nobody tracks stays so, until it is applied
            difference = compare(_owned_part(old), _owned_part(obj), self._registry.schema(target.resource))
            if not difference.is_empty:
                owner = Owner("Update", manager or DEFAULT_MANAGER, target.resource.api_version, target.subresource)
                taken = difference.added | difference.modified
                _take(owners, owner, taken, difference.removed)
                if taken:
                    before = owners[owner].paths if owner in owners else set()
                    owners[owner] = Owned((before | taken) - difference.removed)
        _record(obj, owners)

    def apply(self, target: Target, config: Json, live: Json | None, manager: str, *, force: bool) -> Json:
        """The state after applying a configuration; raises 409 when others own what it changes."""
        resource, schema = target.resource, self._registry.schema(target.resource)
        self._check_fits(resource, config, schema)
        wanted = _owned_part(config)
        base = _owned_part(live) if live is not None else {}
        owner = Owner("Apply", manager, resource.api_version, target.subresource)
        owners = self._owners_before(resource, live) if live is not None else {}
        last = owners.get(owner)
        claimed = _writable(
            paths_of(wanted, schema, containers=False), target.subresource, has_status=self._has_status(resource)
        )
        owners[owner] = Owned(claimed, last.time if last else now())
        merged: Json = merge_applied(base, wanted, schema)
        if last is not None:
            held = {path for owned in owners.values() for path in owned.paths}
            gone = named_parents(last.paths, schema) - named_parents(held, schema)
            merged = without(merged, gone, schema)
        difference = compare(base, merged, schema)
        changed = _writable(
            difference.added | difference.modified, target.subresource, has_status=self._has_status(resource)
        )
        others = {other: owned for other, owned in owners.items() if other != owner}
        conflicts = {other: owned.paths & changed for other, owned in others.items() if owned.paths & changed}
        if conflicts and not force:
            raise _conflict(conflicts)
        _take(owners, owner, changed, difference.removed)
        if not difference.is_empty and owner in owners:
            owners[owner].time = now()
        return self._assembled(config, live, merged, owners)

    def _owners_before(self, resource: Resource, live: Json) -> Owners:
        """The owners of a stored object; all of it has one owner when nobody kept track."""
        owners = _owners_of(live, live)
        if owners:
            return owners
        skeleton = self._registry.kind_of(resource).skeleton or {}
        difference = compare(_owned_part(skeleton), _owned_part(live), self._registry.schema(resource))
        paths = _writable(difference.added | difference.modified, "", has_status=self._has_status(resource))
        return {Owner("Update", "before-first-apply", resource.api_version): Owned(paths)} if paths else {}

    def _assembled(self, config: Json, live: Json | None, merged: Json, owners: Owners) -> Json:
        """The merged fields with the metadata that only the server writes."""
        source = clone(live if live is not None else config)
        obj = {key: source[key] for key in ("apiVersion", "kind") if key in source} | clone(merged)
        server_side = {key: value for key, value in source["metadata"].items() if key in _UNOWNED}
        obj["metadata"] = server_side | (obj.get("metadata") or {})
        _record(obj, {owner: owned for owner, owned in owners.items() if owned.paths})
        return obj

    def settle(self, obj: Json, old: Json) -> None:
        """Forgets times in managedFields that would be the only change."""
        new, before = obj["metadata"].get("managedFields"), old["metadata"].get("managedFields")
        if new != before and _timeless(new) == _timeless(before):
            obj["metadata"]["managedFields"] = clone(before)

    def _check_fits(self, resource: Resource, config: Json, schema: Node) -> None:
        misfit = first_misfit({key: value for key, value in config.items() if key != "metadata"}, schema)
        misfit = misfit or first_misfit({"metadata": config["metadata"]}, schema)
        if misfit:
            meta = config["metadata"]
            place = f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else f"/{meta.get('name', '')}"
            kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
            message = f"failed to create typed patch object ({place}; {kind}): "
            raise ApiError(500, "", message + misfit)

    def _has_status(self, resource: Resource) -> bool:
        return self._registry.kind_of(resource).has_status


def _owned_part(obj: Json | None) -> Json:
    """An object without what nobody owns."""
    if not obj:
        return {}
    part = {key: value for key, value in obj.items() if key not in {"apiVersion", "kind", "metadata"}}
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key not in _UNOWNED}
    return part | {"metadata": metadata} if metadata or "metadata" in obj else part


def _writable(paths: Paths, subresource: str, *, has_status: bool) -> Paths:
    """Those paths that can be written at this address."""
    paths = paths - {("f:metadata",)}
    if subresource == "status":
        return {path for path in paths if path[0] in {"f:status", "f:metadata"}}
    if has_status:
        return {path for path in paths if path[0] != "f:status"}
    return paths


def _take(owners: Owners, owner: Owner, taken: Paths, removed: Paths) -> None:
    """Takes fields from all others, and removed ones from everybody."""
    for other in list(owners):
        owned = owners[other]
        left = owned.paths - removed - (taken if other != owner else set())
        if not left:
            del owners[other]
        elif left != owned.paths:
            owners[other] = Owned(left, owned.time)


def _owners_of(obj: Json, live: Json) -> Owners:
    """The owners that an update names, or else those of the stored object."""
    try:
        found = _decoded(obj["metadata"].get("managedFields"))
    except (ValueError, KeyError, TypeError, AttributeError):
        found = {}
    return found or _decoded(live["metadata"].get("managedFields"))


def _decoded(entries: Any) -> Owners:
    owners: Owners = {}
    for entry in entries or ():
        owner = Owner(
            entry["operation"], entry.get("manager", ""), entry.get("apiVersion", ""), entry.get("subresource", "")
        )
        paths = decode_paths(entry.get("fieldsV1") or {})
        if owner in owners:
            owners[owner].paths |= paths
        else:
            owners[owner] = Owned(paths, entry.get("time") or now())
    return owners


def _is_reset(obj: Json) -> bool:
    """Whether an update throws all ownership away, by an empty list or a list of one empty entry."""
    return obj["metadata"].get("managedFields") in ([], [{}])


def _record(obj: Json, owners: Owners) -> None:
    if _is_reset(obj):
        obj["metadata"].pop("managedFields")
        return
    entries = [_entry(owner, owned) for owner, owned in sorted(owners.items(), key=_order)]
    if entries:
        obj["metadata"]["managedFields"] = entries
    else:
        obj["metadata"].pop("managedFields", None)


def _order(pair: tuple[Owner, Owned]) -> tuple[str, str, str, str, str]:
    owner, owned = pair
    return owner.operation, owned.time, owner.manager, owner.api_version, owner.subresource


def _entry(owner: Owner, owned: Owned) -> Json:
    entry: Json = {
        "manager": owner.manager,
        "operation": owner.operation,
        "apiVersion": owner.api_version,
        "time": owned.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": encode_paths(owned.paths),
    }
    return entry | {"subresource": owner.subresource} if owner.subresource else entry


def _timeless(entries: Any) -> list[Json]:
    plain = [{key: value for key, value in entry.items() if key != "time"} for entry in entries or ()]
    return sorted(plain, key=lambda entry: (entry.get("operation", ""), entry.get("manager", ""), str(entry)))


def _conflict(conflicts: dict[Owner, Paths]) -> ApiError:
    """409 with a cause for each field, in the words that kubectl prints."""
    rows = [(owner, path_text(path)) for owner, paths in sorted(conflicts.items()) for path in sorted(paths)]
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {owner.described()}", "field": path}
        for owner, path in rows
    ]
    if len(rows) == 1:
        summary = f"Apply failed with 1 conflict: conflict with {rows[0][0].described()}: {rows[0][1]}"
    else:
        parts = [
            f"conflicts with {owner.described()}:" + "".join(f"\n- {path_text(path)}" for path in sorted(paths))
            for owner, paths in sorted(conflicts.items())
        ]
        summary = f"Apply failed with {len(rows)} conflicts: " + "\n".join(parts)
    return ApiError(409, "Conflict", summary, {"causes": causes})
