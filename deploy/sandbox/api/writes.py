"""The write path: what happens to an object between a request and the storage."""

from typing import TYPE_CHECKING

from . import metadata
from .errors import already_exists, bad_request, conflict, invalid, invalid_value, not_found
from .jsontypes import Json, clone
from .kinds.kind import Kind
from .options import Target, WriteOptions
from .resources import Resource
from .scale import scaled
from .storage import Entry

if TYPE_CHECKING:
    from .registry import Registry


class Writer:
    """Creates and updates objects, in the order of a real API server's steps."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._storage = registry.storage

    def create(
        self, resource: Resource, namespace: str | None, body: Json, options: WriteOptions, *, applied: bool = False
    ) -> Json:
        """Stores a new object and returns it; one that is ``applied`` knows its owners already."""
        obj = self._received(resource, namespace, body)
        kind = self._registry.kind_of(resource)
        self._registry.decode(resource, obj, options)
        kind.default(obj)
        if not applied:
            self._registry.ownership.created(resource, obj, options.manager)
        self._registry.admission.before_create(resource, obj, options)
        metadata.begin(obj)
        kind.born(obj)
        causes = metadata.check(obj["metadata"], kind.name_rule) + self._registry.check(resource, kind, obj, None)
        if causes:
            raise invalid(resource.group, resource.kind, obj["metadata"].get("name", ""), causes)
        self._refuse_taken(resource, obj)
        self._registry.admission.allow_create(resource, obj, options)
        self._registry.admission.allocate(resource, obj)
        if options.dry_run:
            return obj
        return self._registry.seen(resource, self._put(resource, self._registry.stored(resource, obj)).obj)

    def _received(self, resource: Resource, namespace: str | None, body: Json) -> Json:
        """A copy of what was sent, with the right kind and namespace or an error."""
        if not isinstance(body, dict):
            raise bad_request("the object provided is unrecognized")
        obj = clone(body)
        version, kind = obj.setdefault("apiVersion", resource.api_version), obj.setdefault("kind", resource.kind)
        if version != resource.api_version:
            expected = f"does not match the expected API version ({resource.api_version})"
            raise bad_request(f"the API version in the data ({version}) {expected}")
        if kind != resource.kind:
            raise bad_request(f'{kind} in version "{resource.version}" cannot be handled as a {resource.kind}')
        if not isinstance(obj.setdefault("metadata", {}), dict):
            obj["metadata"] = {}
        meant = obj["metadata"].get("namespace")
        if meant and meant != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if namespace:
            obj["metadata"]["namespace"] = namespace
        return obj

    def _refuse_taken(self, resource: Resource, obj: Json) -> None:
        found = self._storage.find(resource.key, obj["metadata"].get("namespace"), obj["metadata"]["name"])
        if found is not None:
            terminating = bool(found.obj["metadata"].get("deletionTimestamp"))
            raise already_exists(resource, obj["metadata"]["name"], terminating=terminating)

    def update(self, target: Target, body: Json, options: WriteOptions) -> Json:
        """Replaces an object, or its part that a subresource stands for, and returns the outcome."""
        resource, namespace, name = target.resource, target.namespace, target.name
        kind = self._registry.kind_of(resource)
        entry = self._storage.find(resource.key, namespace, name)
        if target.subresource == "scale" and entry is not None:
            body = scaled(entry.obj, body, self._registry.customs.scale_paths(resource))
        obj = self._received(resource, namespace, body)
        meant = obj["metadata"].setdefault("name", name)
        if meant != name:
            raise bad_request(f"the name of the object ({meant}) does not match the name on the URL ({name})")
        if entry is None:
            if kind.create_on_update and not target.subresource:
                return self.create(resource, namespace, body, options)
            raise not_found(resource, name)
        self._check_preconditions(resource, kind, obj, entry)
        self._registry.decode(resource, obj, options)
        return self._replace(target, entry, obj, options)

    def apply(self, target: Target, entry: Entry, obj: Json, options: WriteOptions) -> Json:
        """Stores the outcome of a server-side apply, which brings its owners along."""
        self._registry.decode(target.resource, obj, options)
        return self._replace(target, entry, obj, options, applied=True)

    def _check_preconditions(self, resource: Resource, kind: Kind, obj: Json, entry: Entry) -> None:
        name, sent = entry.obj["metadata"]["name"], obj["metadata"]
        version, uid = sent.get("resourceVersion"), sent.get("uid")
        if uid and uid != entry.uid:
            raise conflict(resource, name, _other_uid(resource, entry, uid))
        if not version and kind.needs_version:
            cause = invalid_value("metadata.resourceVersion", 0, "must be specified for an update")
            raise invalid(resource.group, resource.plural, name, [cause])
        if version and version != entry.obj["metadata"]["resourceVersion"]:
            raise conflict(resource, name)

    def _replace(
        self, target: Target, entry: Entry, obj: Json, options: WriteOptions, *, applied: bool = False
    ) -> Json:
        """Checks and stores a decoded new state of a stored object; writes nothing when nothing changed."""
        resource, subresource = target.resource, target.subresource
        registry, old = self._registry, self._registry.seen(resource, entry.obj)
        kind = registry.kind_of(resource)
        metadata.carry_over(obj, old)
        kind.default(obj)
        obj = self._part(resource, kind, obj, old, subresource)
        if not applied:
            registry.ownership.updated(target, obj, old, options.manager)
        causes = metadata.check(obj["metadata"], kind.name_rule) + metadata.check_update(
            obj["metadata"], old["metadata"]
        )
        causes += registry.check(resource, kind, obj, old)
        if causes:
            raise invalid(resource.group, resource.kind, obj["metadata"]["name"], causes)
        if not subresource:
            registry.admission.allow_update(resource, obj, old, options)
            registry.admission.allocate(resource, obj)
        registry.ownership.settle(obj, old)
        obj = registry.stored(resource, obj)
        if obj == entry.obj or options.dry_run:
            return registry.seen(resource, obj)
        return registry.seen(resource, self._put(resource, obj).obj)

    def _part(self, resource: Resource, kind: Kind, obj: Json, old: Json, subresource: str) -> Json:
        """Keeps from the old state what this address does not write."""
        if subresource in {"", "scale"}:
            kind.changed(obj, old)
            return obj
        if subresource == "status":
            return _only_status(obj, old, custom=resource.custom)
        return obj

    def _put(self, resource: Resource, obj: Json) -> Entry:
        entry = self._storage.put(resource.key, obj)
        if is_finished(obj):
            return self._storage.remove(resource.key, obj["metadata"].get("namespace"), obj["metadata"]["name"])
        return entry


def _only_status(obj: Json, old: Json, *, custom: bool) -> Json:
    """The old object with the new status; built-in kinds also take annotations and labels here."""
    kept = clone(old)
    if "status" in obj:
        kept["status"] = obj["status"]
    else:
        kept.pop("status", None)
    fields = ["managedFields"] if custom else ["managedFields", "annotations"]
    for field in fields:
        if field in obj["metadata"]:
            kept["metadata"][field] = obj["metadata"][field]
        else:
            kept["metadata"].pop(field, None)
    return kept


def is_finished(obj: Json) -> bool:
    """Whether a terminating object has nothing left to wait for."""
    meta = obj["metadata"]
    waits = meta.get("finalizers") or meta.get("deletionGracePeriodSeconds")
    held = obj["kind"] == "Namespace" and obj["apiVersion"] == "v1" and (obj.get("spec") or {}).get("finalizers")
    return bool(meta.get("deletionTimestamp")) and not waits and not held


def _other_uid(resource: Resource, entry: Entry, uid: str) -> str:
    """As the storage of a real server says it, with its own name for the object."""
    meta = entry.obj["metadata"]
    where = [resource.group] if resource.custom else []
    key = "/".join(["/registry", *where, resource.plural, *filter(None, [meta.get("namespace")]), meta["name"]])
    return (
        f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: "
        f"Precondition failed: UID in precondition: {uid}, UID in object meta: {entry.uid}"
    )
