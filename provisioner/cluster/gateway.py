"""The verbs of the cluster, on raw JSON objects."""

from __future__ import annotations

import builtins
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from provisioner.cluster.errors import Conflict, Expired, NotFound
from provisioner.cluster.kinds import Kind, Manifest, kind_of
from provisioner.cluster.transport import Request, Transport
from provisioner.cluster.watching import Selection, WatchEvent, follow

FIELD_MANAGER = "storeplane"
Propagation = Literal["Background", "Foreground", "Orphan"]
JsonPatch = list[Manifest]
Predicate = Callable[[Manifest | None], bool]

_APPLY = "application/apply-patch+yaml"
_LIST_TIMEOUT = 30.0
_STRICT = {"fieldValidation": "Strict"}
_API = Kind("", "v1", "version", "version", namespaced=False)


@dataclass(frozen=True)
class Listing:
    """A whole list, and the resourceVersion from which a watch misses nothing after it."""

    items: list[Manifest]
    resource_version: str


class Cluster:
    """One Kubernetes cluster. Safe to keep over a fork and to share between threads.

    Every call has a timeout and raises only errors of `provisioner.cluster.errors`.
    """

    def __init__(self, transport: Transport | None = None) -> None:
        self._transport = transport or Transport()

    def version(self) -> str:
        """The version of the API server, for instance `v1.36.0`. Answers within seconds or raises Unavailable."""
        answer = self._transport.send(Request("get", "GET", _API, "/version", read_timeout=3.0))
        return str(answer.get("gitVersion", ""))

    def apply(
        self,
        manifest: Manifest,
        *,
        force: bool = True,
        field_manager: str = FIELD_MANAGER,
        dry_run: bool = False,
        subresource: str = "",
    ) -> Manifest:
        """Server-side apply: creates the object or takes over the fields named in the manifest.

        With `force` off, raises Conflict when another manager owns a field with another value.
        """
        query = {**_STRICT, **_dry_run(dry_run), "fieldManager": field_manager, "force": str(force).lower()}
        return self._write("apply", "PATCH", manifest, query, content_type=_APPLY, subresource=subresource)

    def create(self, manifest: Manifest, *, field_manager: str = FIELD_MANAGER, dry_run: bool = False) -> Manifest:
        """Creates the object. Raises AlreadyExists when there is one of that name."""
        query = {**_STRICT, **_dry_run(dry_run), "fieldManager": field_manager}
        return self._write("create", "POST", manifest, query)

    def replace(self, manifest: Manifest, *, subresource: str = "") -> Manifest:
        """Replaces the object; with a resourceVersion in it, raises Conflict when it has changed since."""
        query = {**_STRICT, "fieldManager": FIELD_MANAGER}
        return self._write("update", "PUT", manifest, query, subresource=subresource)

    def patch_merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Manifest, *, subresource: str = ""
    ) -> Manifest:
        """JSON merge patch (RFC 7396): `None` removes a key, lists are replaced whole."""
        return self._patch(kind, name, kind.path(namespace, name, subresource), patch, "merge")

    def patch_json(
        self,
        kind: Kind,
        name: str,
        namespace: str | None,
        operations: JsonPatch,
        *,
        field_manager: str = FIELD_MANAGER,
    ) -> Manifest:
        """JSON patch (RFC 6902); a `test` operation that fails raises Invalid."""
        return self._patch(kind, name, kind.path(namespace, name), operations, "json", field_manager=field_manager)

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        """The object, or None when it is not there."""
        try:
            return self._transport.send(Request("get", "GET", kind, kind.path(namespace, name), name=name))
        except NotFound:
            return None

    def list(
        self, kind: Kind, namespace: str | None = None, *, label_selector: str = "", limit: int = 500
    ) -> Iterator[Manifest]:
        """All objects, fetched `limit` at a time; of all namespaces when none is given.

        Raises Expired when the paging took longer than the server keeps its snapshot (minutes).
        """
        for page in self._pages(Selection(kind, namespace, label_selector=label_selector), limit):
            yield from _items(kind, page)

    def metadata(self, kind: Kind, namespace: str | None = None, *, label_selector: str = "") -> Iterator[Manifest]:
        """As `list`, each object with its metadata alone: the rest, which may be large or secret, isn't sent."""
        selection = Selection(kind, namespace, label_selector=label_selector, metadata_only=True)
        for page in self._pages(selection, 500):
            yield from page.get("items") or []

    def listing(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        name: str | None = None,
        label_selector: str = "",
        metadata_only: bool = False,
    ) -> Listing:
        """All objects at once with the resourceVersion of the list, to start a watch from."""
        return self._listing(Selection(kind, namespace, name, label_selector, metadata_only))

    def watch(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        name: str | None = None,
        label_selector: str = "",
        resource_version: str = "",
        metadata_only: bool = False,
        timeout: float,
    ) -> Iterator[WatchEvent]:
        """Changes for `timeout` seconds, over broken connections too; BOOKMARK events come in between.

        Without a resourceVersion, what exists comes first as ADDED. Raises Expired when the resourceVersion is too
        old (list again) and Unavailable when the server is still out of reach at the end.
        """
        selection = Selection(kind, namespace, name, label_selector, metadata_only)
        return follow(self._transport, selection, resource_version, timeout)

    def wait_for(
        self, kind: Kind, name: str, namespace: str | None, predicate: Predicate, *, timeout: float
    ) -> Manifest | None:
        """The object as soon as the predicate holds for it, or None after `timeout` seconds.

        The predicate sees the present state first, and None for an object that is not there; when it holds for
        None, an empty object is returned. Raises Unavailable when the cluster is out of reach at the end.
        """
        deadline = time.monotonic() + timeout
        selection = Selection(kind, namespace, name)
        while True:
            listing = self._listing(selection)
            seen = listing.items[0] if listing.items else None
            if predicate(seen):
                return seen or {}
            changes = follow(self._transport, selection, listing.resource_version, deadline - time.monotonic())
            # Expired: the list above is taken anew, within the same deadline.
            with suppress(Expired):
                return _first(changes, predicate)

    def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        propagation: Propagation = "Background",
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> bool:
        """Asks for the deletion; False when there was nothing to delete.

        With `uid` that is also so when another object has the name by now, with `resource_version` when the object
        was written since.
        """
        options: Manifest = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        expected = {"uid": uid, "resourceVersion": resource_version}
        if preconditions := {key: value for key, value in expected.items() if value}:
            options["preconditions"] = preconditions
        try:
            self._transport.send(Request("delete", "DELETE", kind, kind.path(namespace, name), body=options, name=name))
        except NotFound:
            return False
        except Conflict:
            present = self.get(kind, name, namespace)
            if present is None or any(present["metadata"][key] != value for key, value in preconditions.items()):
                return False
            # A namespace that is going away answers a second deletion by a conflict.
            if "deletionTimestamp" not in present["metadata"]:
                raise
        return True

    def delete_collection(self, kind: Kind, namespace: str, *, label_selector: str = "") -> None:
        """Asks for the deletion of all selected objects of one namespace."""
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        query = Selection(kind, namespace, label_selector=label_selector).query()
        self._transport.send(
            Request(
                "deletecollection", "DELETE", kind, kind.path(namespace), query, options, read_timeout=_LIST_TIMEOUT
            )
        )

    def wait_gone(self, kind: Kind, name: str, namespace: str | None = None, *, timeout: float) -> bool:
        """Whether the object is really gone (404, not merely marked) within `timeout` seconds."""
        return self.wait_for(kind, name, namespace, lambda seen: seen is None, timeout=timeout) is not None

    def _listing(self, selection: Selection) -> Listing:
        items: list[Manifest] = []
        page: Manifest = {}
        for page in self._pages(selection, 500):
            items.extend(_items(selection.kind, page))
        return Listing(items, str(page.get("metadata", {}).get("resourceVersion", "")))

    def pages(self, kind: Kind, *, label_selector: str = "", limit: int = 500) -> Iterator[builtins.list[Manifest]]:
        """As `list`, over all namespaces, a page at a time. Whoever clears a page has let go of all of it."""
        for page in self._pages(Selection(kind, label_selector=label_selector), limit):
            items = [*_items(kind, page)]
            page.pop("items", None)
            yield items

    def _pages(self, selection: Selection, limit: int) -> Iterator[Manifest]:
        kind, token, accept = selection.kind, "", selection.accept(of_list=True)
        while True:
            query = {**selection.query(), "limit": str(limit), **({"continue": token} if token else {})}
            path = kind.path(selection.namespace)
            request = Request("list", "GET", kind, path, query, accept=accept, read_timeout=_LIST_TIMEOUT)
            page = self._transport.send(request)
            yield page
            token = str(page.get("metadata", {}).get("continue") or "")
            if not token:
                return

    def _write(
        self,
        verb: str,
        method: str,
        manifest: Manifest,
        query: dict[str, str],
        *,
        content_type: str = "application/json",
        subresource: str = "",
    ) -> Manifest:
        kind, metadata = kind_of(manifest), manifest["metadata"]
        name = str(metadata.get("name", ""))
        path = kind.path(metadata.get("namespace"), "" if method == "POST" else name, subresource)
        return self._transport.send(Request(verb, method, kind, path, query, manifest, content_type, name=name))

    def _patch(
        self,
        kind: Kind,
        name: str,
        path: str,
        patch: Manifest | JsonPatch,
        flavour: str,
        *,
        field_manager: str = FIELD_MANAGER,
    ) -> Manifest:
        query, content_type = {"fieldManager": field_manager}, f"application/{flavour}-patch+json"
        return self._transport.send(Request("patch", "PATCH", kind, path, query, patch, content_type, name=name))


def _first(changes: Iterator[WatchEvent], predicate: Predicate) -> Manifest | None:
    """The first state for which the predicate holds; an empty object stands for a deleted one."""
    for event in changes:
        seen = None if event.type == "DELETED" else event.object
        if event.type != "BOOKMARK" and predicate(seen):
            return seen or {}
    return None


def _items(kind: Kind, page: Manifest) -> Iterator[Manifest]:
    """The items of a list, with the two fields that lists leave out of each."""
    for item in page.get("items") or []:
        yield {"apiVersion": kind.api_version, "kind": kind.kind, **item}


def _dry_run(wanted: bool) -> dict[str, str]:
    return {"dryRun": "All"} if wanted else {}
