"""Objects in SQLite with an index in memory, and one revision counter over all of them.

Reads never touch the disk. What is handed out is shared and must not be changed; the registry
clones what it gives away.
"""

import json
import sqlite3
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .jsontypes import Json, encode


class Entry:
    """One stored version of one object; the JSON text is made once, when first asked for."""

    __slots__ = ("_raw", "key", "obj", "resource_key", "revision")

    def __init__(self, resource_key: str, key: str, obj: Json, revision: int, raw: bytes | None = None) -> None:
        self.resource_key = resource_key
        self.key = key
        self.obj = obj
        self.revision = revision
        self._raw = raw

    @property
    def raw(self) -> bytes:
        """The object as compact JSON."""
        if self._raw is None:
            self._raw = encode(self.obj)
        return self._raw

    def forget_text(self) -> None:
        """Frees the JSON text of a version that is history; it can be made again."""
        self._raw = None

    @property
    def uid(self) -> str:
        """The object's uid."""
        uid: str = self.obj["metadata"]["uid"]
        return uid


def object_key(namespace: str | None, name: str) -> str:
    """The key of an object within its resource; lists are ordered by it, as etcd orders them."""
    return f"{namespace}/{name}" if namespace else name


class Shelf:
    """All objects of one resource, findable by key, namespace, label and owner."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self._keys: list[str] = []
        self._labels: dict[tuple[str, str], set[str]] = {}

    def put(self, entry: Entry) -> Entry | None:
        """Stores an entry; returns the one it replaces."""
        before = self.entries.get(entry.key)
        if before is None:
            insort(self._keys, entry.key)
        else:
            self._unindex(before)
        self.entries[entry.key] = entry
        for pair in _labels(entry):
            self._labels.setdefault(pair, set()).add(entry.key)
        return before

    def remove(self, key: str) -> Entry:
        """Takes an entry out; raises KeyError when it is not there."""
        entry = self.entries.pop(key)
        del self._keys[bisect_left(self._keys, key)]
        self._unindex(entry)
        return entry

    def _unindex(self, entry: Entry) -> None:
        for pair in _labels(entry):
            keys = self._labels[pair]
            keys.discard(entry.key)
            if not keys:
                del self._labels[pair]

    def keys(self, namespace: str | None, after: str = "") -> Iterator[str]:
        """Keys in order, of one namespace or of all, beginning behind a given one."""
        prefix = f"{namespace}/" if namespace else ""
        start = bisect_left(self._keys, max(prefix, after))
        for position in range(start, len(self._keys)):
            key = self._keys[position]
            if not key.startswith(prefix):
                return
            if key != after:
                yield key

    def labelled(self, pairs: Iterable[tuple[str, str]]) -> set[str]:
        """The keys of objects that carry all of these labels."""
        sets = sorted((self._labels.get(pair, set()) for pair in pairs), key=len)
        return set.intersection(*sets) if sets else set()


def _labels(entry: Entry) -> Iterable[tuple[str, str]]:
    labels: dict[str, str] = entry.obj["metadata"].get("labels") or {}
    return labels.items()


# Above what a client would make up, so that such a version is too old rather than the beginning.
FIRST_REVISION = 100

Listener = Callable[[str, Entry, Entry | None], None]


class Storage:
    """The objects of all resources, on disk and in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self.database = self._database = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(
            "CREATE TABLE IF NOT EXISTS objects (resource TEXT, key TEXT, revision INTEGER, body BLOB,"
            " PRIMARY KEY (resource, key)) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 0), revision INTEGER);"
        )
        self._database.execute("INSERT OR IGNORE INTO counter VALUES (0, ?)", (FIRST_REVISION,))
        self._shelves: dict[str, Shelf] = {}
        self._listeners: list[Listener] = []
        self.revision: int = self._database.execute("SELECT revision FROM counter").fetchone()[0]
        for resource_key, key, revision, body in self._database.execute("SELECT * FROM objects"):
            self.shelf(resource_key).put(Entry(resource_key, key, json.loads(body), revision, body))

    def shelf(self, resource_key: str) -> Shelf:
        """The objects of one resource."""
        return self._shelves.setdefault(resource_key, Shelf())

    def shelves(self) -> Iterable[tuple[str, Shelf]]:
        """Every resource that ever held an object."""
        return list(self._shelves.items())

    def listen(self, listener: Listener) -> None:
        """Calls back after each change with ADDED, MODIFIED or DELETED, the entry, and the one before."""
        self._listeners.append(listener)

    def find(self, resource_key: str, namespace: str | None, name: str) -> Entry | None:
        """The stored object, or None."""
        return self.shelf(resource_key).entries.get(object_key(namespace, name))

    def put(self, resource_key: str, obj: Json) -> Entry:
        """Stores an object under a new revision, which it is marked with."""
        obj = {"kind": obj["kind"], "apiVersion": obj["apiVersion"]} | obj  # lists cut these two off
        metadata = obj["metadata"]
        revision = self._next()
        metadata["resourceVersion"] = str(revision)
        entry = Entry(resource_key, object_key(metadata.get("namespace"), metadata["name"]), obj, revision)
        self._write("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)", resource_key, entry.key, revision, entry.raw)
        before = self.shelf(resource_key).put(entry)
        self._tell("MODIFIED" if before else "ADDED", entry, before)
        if before is not None:
            before.forget_text()
        return entry

    def remove(self, resource_key: str, namespace: str | None, name: str) -> Entry:
        """Deletes an object; the entry returned carries the revision of the deletion."""
        key = object_key(namespace, name)
        before = self.shelf(resource_key).remove(key)
        revision = self._next()
        self._write("DELETE FROM objects WHERE resource = ? AND key = ?", resource_key, key)
        last = before.obj | {"metadata": before.obj["metadata"] | {"resourceVersion": str(revision)}}
        entry = Entry(resource_key, key, last, revision)
        self._tell("DELETED", entry, before)
        return entry

    def close(self) -> None:
        """Writes everything out and lets go of the file."""
        self._database.close()

    def _next(self) -> int:
        self.revision += 1
        return self.revision

    def _write(self, statement: str, *values: object) -> None:
        self._database.execute("BEGIN")
        self._database.execute(statement, values)
        self._database.execute("UPDATE counter SET revision = ?", (self.revision,))
        self._database.execute("COMMIT")

    def _tell(self, kind: str, entry: Entry, before: Entry | None) -> None:
        for listener in self._listeners:
            listener(kind, entry, before)
