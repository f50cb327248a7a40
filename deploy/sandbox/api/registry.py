"""The API as a Python object: every verb of every resource, used in-process and by the HTTP server."""

from collections.abc import Callable
from pathlib import Path

from .admission.chain import Admission
from .bootstrap import bootstrap
from .catalog import Catalog
from .collector import Collector
from .custom.definition import DEFINITION
from .custom.served import DEFINITIONS, Customs
from .deletion import Deleter
from .errors import Causes, not_found
from .jsontypes import Json, clone
from .kinds import kind_of
from .kinds.kind import Kind
from .listing import WHOLE, Page, Paging, Selection, list_page
from .options import Target, WriteOptions
from .ownership import Ownership
from .patching.dispatch import Patcher
from .resources import Resource
from .schemas.builtin import schema_of
from .schemas.decoding import decode_builtin
from .schemas.node import OPEN, Node
from .storage import Entry, Storage
from .views import inward, outward
from .watching import Watch, Watches
from .writes import Writer

Finalizers = list[str]  # the name `list` means a method below


class Registry:
    """All objects and all rules. One thread, one asyncio loop; what is returned belongs to the caller.

    ``path`` is the SQLite file, or None to keep objects in memory only. ``service_cidr`` is where
    cluster IPs come from; it lies in the loopback network, so that any user may listen there.
    """

    def __init__(self, path: Path | None = None, *, service_cidr: str = "127.112.0.0/12") -> None:
        self.storage = Storage(path)
        self.catalog = Catalog()
        self.customs = Customs(self)
        self.watches = Watches(self.storage)
        self.ownership = Ownership(self)
        self.admission = Admission(self, service_cidr)
        self._writer = Writer(self)
        self._deleter = Deleter(self)
        self._patcher = Patcher(self, self._writer)
        self.collector = Collector(self)
        self.collector.start()
        bootstrap(self)

    def resource(self, plural: str, group: str = "") -> Resource:
        """The resource in its preferred version; raises 404 when it is not served."""
        return self.catalog.preferred(plural, group)

    def kind_of(self, resource: Resource) -> Kind:
        """The rules of a resource."""
        if resource.key == DEFINITIONS:
            return DEFINITION
        return self.customs.kind(resource) if resource.custom else kind_of(resource)

    def create(
        self,
        resource: Resource,
        namespace: str | None,
        obj: Json,
        *,
        dry_run: bool = False,
        field_manager: str = "",
        options: WriteOptions | None = None,
    ) -> Json:
        """Makes an object; raises ApiError (400, 403, 404, 409, 422) when it must not be."""
        options = options or WriteOptions(dry_run, field_manager)
        return self._settled(lambda: self._writer.create(resource, namespace, obj, options))

    def get(self, resource: Resource, namespace: str | None, name: str) -> Json:
        """One object; raises 404 when there is none."""
        return clone(self.entry(resource, namespace, name).obj)

    def entry(self, resource: Resource, namespace: str | None, name: str) -> Entry:
        """The same without a copy: its content must not be changed."""
        found = self.storage.find(resource.key, namespace, name)
        if found is None:
            raise not_found(resource, name)
        return found

    def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = 0,
        continue_token: str = "",
    ) -> Json:
        """A List object of the matching objects, ordered by namespace and name."""
        selection = self.selection(resource, namespace, label_selector, field_selector)
        page = self.page(selection, Paging(limit, continue_token))
        meta: Json = {"resourceVersion": str(page.revision)}
        if page.continue_token:
            meta["continue"] = page.continue_token
        if page.remaining is not None:
            meta["remainingItemCount"] = page.remaining
        items = [clone(entry.obj) for entry in page.entries]
        return {"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": meta, "items": items}

    def page(self, selection: Selection, paging: Paging = WHOLE) -> Page:
        """The same without copies: the entries' content must not be changed."""
        return list_page(self.storage, self.watches, selection, paging)

    def selection(
        self, resource: Resource, namespace: str | None = None, label_selector: str = "", field_selector: str = ""
    ) -> Selection:
        """Which objects a list or a watch is about."""
        selectable = self.customs.selectable(resource) if resource.custom else ()
        return Selection(resource, namespace, label_selector, field_selector, selectable)

    def update(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        obj: Json,
        *,
        subresource: str = "",
        dry_run: bool = False,
        field_manager: str = "",
        options: WriteOptions | None = None,
    ) -> Json:
        """Replaces an object or one of its subresources; a resourceVersion in it is the optimistic lock."""
        options = options or WriteOptions(dry_run, field_manager)
        return self._settled(lambda: self._writer.update(Target(resource, namespace, name, subresource), obj, options))

    def patch(
        self,
        resource: Resource,
        namespace: str | None,
        name: str,
        patch: object,
        patch_type: str,
        *,
        subresource: str = "",
        field_manager: str = "",
        force: bool = False,
        dry_run: bool = False,
        options: WriteOptions | None = None,
    ) -> Json:
        """Changes parts of an object; ``patch_type`` is json, merge, strategic or apply."""
        options = options or WriteOptions(dry_run, field_manager, force=force)
        return self._settled(
            lambda: self._patcher.patch(Target(resource, namespace, name, subresource), patch, patch_type, options)
        )

    def delete(self, resource: Resource, namespace: str | None, name: str, *, options: Json | None = None) -> Json:
        """Deletes an object or begins to; ``options`` are those of a DeleteOptions object."""
        return self.delete_or_begin(resource, namespace, name, options or {})[0]

    def delete_or_begin(self, resource: Resource, namespace: str | None, name: str, options: Json) -> tuple[Json, bool]:
        """The same, and whether the object is gone already."""
        obj, gone = self._deleter.delete(resource, namespace, name, options)
        self.collector.kick()
        return clone(obj), gone

    def watch(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        resource_version: str = "",
        label_selector: str = "",
        field_selector: str = "",
    ) -> Watch:
        """Changes from a version on; without one, or with "0", first everything there is as ADDED."""
        return self.open_watch(self.selection(resource, namespace, label_selector, field_selector), resource_version)

    def open_watch(self, selection: Selection, version: str, *, initial_events: bool = True) -> Watch:
        """The same for a selection; without initial events it begins with the next change."""
        key, matches = selection.resource.key, selection.matcher()
        if version in {"", "0"}:
            return self.watches.open(key, 0, matches, self.page(selection).entries if initial_events else [])
        return self.watches.open(key, int(version), matches, None)

    def decode(self, resource: Resource, obj: Json, options: WriteOptions) -> None:
        """Checks types and unknown fields of what was sent, in place."""
        if resource.custom:
            self.customs.decode(resource, obj, options)
        else:
            decode_builtin(resource, obj, self.schema(resource), options)

    def schema(self, resource: Resource) -> Node:
        """The schema of a whole object."""
        if resource.custom:
            return self.customs.schema(resource)
        return schema_of(resource.group, resource.version, resource.kind) or OPEN

    def stored(self, resource: Resource, obj: Json) -> Json:
        """What a client sent, in the version in which it is stored."""
        if resource.custom:
            return obj | {"apiVersion": self.customs.stored_version(resource)}
        return inward(resource, obj)

    def seen(self, resource: Resource, obj: Json) -> Json:
        """A stored object in the version of the resource; shares its parts with the stored one."""
        return outward(resource, obj)

    def check(self, resource: Resource, kind: Kind, obj: Json, old: Json | None) -> Causes:
        """What is wrong with an object, and with the step from its old state."""
        if resource.custom:
            return self.customs.check(resource, obj, old)
        causes = kind.check(obj)
        return causes if old is None else causes + kind.check_update(obj, old)

    def finalize_namespace(self, namespace: Json, finalizers: Finalizers) -> Json:
        """Sets what a terminating namespace still waits for; it goes when that is nothing."""
        self.collector.endings.finalize(namespace, finalizers)
        return namespace

    def close(self) -> None:
        """Lets go of the database file."""
        self.storage.close()

    def _settled(self, write: Callable[[], Json]) -> Json:
        outcome = clone(write())
        self.collector.kick()
        return outcome
