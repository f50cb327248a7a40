"""Turns stored objects into the form a client accepts: plain, table, or metadata only."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..jsontypes import Json, encode
from ..resources import Resource
from ..storage import Entry
from ..views import list_item
from .column import AGE, NAME, Column, Printer
from .kinds import PRINTERS

if TYPE_CHECKING:
    from ..http.media import Accepted
    from ..registry import Registry

TABLE = "Table"
_CREATED = Column("Created At", description=AGE.description)
GENERIC = Printer((NAME, _CREATED), lambda obj: [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")])


def printer_of(registry: "Registry", resource: Resource) -> Printer:
    """The printer of a built-in kind, or the one a custom kind's definition describes."""
    if resource.custom:
        return registry.customs.printer(resource)
    return PRINTERS.get(f"{resource.group}/{resource.plural}", GENERIC)


@dataclass(frozen=True)
class Form:
    """How a client wants objects: converted or plain, and what goes with the rows of a table."""

    accepted: "Accepted"
    include: str = "Metadata"  # the objects beside the cells: None, Metadata or Object
    headers: bool = True  # whether a table names its columns


def render_entries(registry: "Registry", resource: Resource, entries: list[Entry], meta: Json, form: Form) -> bytes:
    """A list in the wanted form."""
    accepted = form.accepted
    if accepted.kind == TABLE:
        return encode(_table(printer_of(registry, resource), entries, meta, form))
    if accepted.kind:
        items = [render_partial(entry, accepted) for entry in entries]
        head = {"kind": "PartialObjectMetadataList", "apiVersion": f"{accepted.group}/{accepted.version}"}
        return encode(head | {"metadata": meta, "items": items})
    start = encode({"kind": resource.list_kind, "apiVersion": resource.api_version, "metadata": meta})
    items_text = b",".join(list_item(resource, entry) for entry in entries)
    return start[:-1] + b',"items":[' + items_text + b"]}"


def render_partial(entry: Entry, accepted: "Accepted") -> Json:
    """One object's metadata."""
    version = f"{accepted.group}/{accepted.version}" if accepted.group else "meta.k8s.io/v1"
    return {"kind": "PartialObjectMetadata", "apiVersion": version, "metadata": entry.obj["metadata"]}


def _table(printer: Printer, entries: list[Entry], meta: Json, form: Form) -> Json:
    rows = []
    for entry in entries:
        row: Json = {"cells": printer.row(entry.obj)}
        if form.include == "Object":
            row["object"] = entry.obj
        elif form.include != "None":
            row["object"] = render_partial(entry, form.accepted)
        rows.append(row)
    return {
        "kind": TABLE,
        "apiVersion": f"{form.accepted.group}/{form.accepted.version}",
        "metadata": meta,
        "columnDefinitions": [column.definition() for column in printer.columns] if form.headers else None,
        "rows": rows,
    }
