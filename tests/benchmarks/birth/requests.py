"""What the cluster's API was asked for while one store was born, by the sandbox's audit log."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.launcher.account import USER

EVENTS = "events"


@dataclass(frozen=True)
class Asked:
    """Requests as `verb resource`: for the store by the platform itself and by its Helm, and the platform's others."""

    for_store: "Counter[str]"
    by_helm: "Counter[str]"
    others: "Counter[str]"


class Log:
    """The log, a stretch at a time."""

    def __init__(self, path: Path) -> None:
        self._path, self._end = path, path.stat().st_size

    def news(self) -> list[dict[str, Any]]:
        """The records since the last time; the sandbox writes each with its request."""
        with self._path.open("rb") as file:
            file.seek(self._end)
            text = file.read()
        self._end += len(text)
        return [json.loads(line) for line in text.splitlines()]


def sorted_out(records: Iterable[dict[str, Any]], store: str) -> Asked:
    """The platform's requests of a stretch in which only this store was worked on.

    Helm says by `as` whom it acts for, and Python's client doesn't.
    """
    asked = Asked(Counter(), Counter(), Counter())
    for record in records:
        if record["user"] != USER or _is_second_question(record):
            continue
        if "impersonatedBy" in record:
            asked.by_helm[_told(record)] += 1
        elif _is_for(record, store):
            asked.for_store[_told(record)] += 1
        else:
            asked.others[_told(record)] += 1
    return asked


def _is_second_question(record: dict[str, Any]) -> bool:
    """An apply that makes an object must be allowed to create it, too. A request to create one has no name yet."""
    return record["verb"] == "create" and bool(record.get("name")) and not record.get("subresource")


def _is_for(record: dict[str, Any], store: str) -> bool:
    """By namespace or name; an event about a `Store` resource lies in `default`, as that has no namespace."""
    names = {store, f"store-{store}"}
    return bool(names & {record.get("namespace"), record.get("name")}) or record.get("resource") == EVENTS


def _told(record: dict[str, Any]) -> str:
    what = record.get("path") or "/".join(filter(None, (record["resource"], record.get("subresource"))))
    return f"{record['verb']} {what}"
