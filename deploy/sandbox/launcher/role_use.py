"""Whether the platform's role is just what the platform needs, by the sandbox's audit log."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

from sandbox.launcher.account import ROLE, ROLE_FILE, USER

Json = dict[str, Any]
Right = tuple[str, str, str]
"""API group, resource (with its subresource), verb."""


@dataclass(frozen=True)
class RoleUse:
    """What a log tells of a role."""

    denied: Counter[str]
    used: Counter[Right]
    unused: tuple[Right, ...]

    def complaints(self, *, of_all_tests: bool) -> Iterator[str]:
        """Sentences, none when all is well. Only a run of all tests may be expected to use everything."""
        for what, times in sorted(self.denied.items()):
            yield f"The platform was denied to {what} ({times} times)."
        if of_all_tests:
            for group, resource, verb in self.unused:
                name = f"{resource}.{group}" if group else resource
                yield f"Nothing used the platform's right to {verb} {name}: test what needs it, or take it away."


def read(log: Path) -> RoleUse:
    """The use of the platform's role in a log."""
    role = yaml.safe_load(ROLE_FILE.read_text())
    return judge((json.loads(line) for line in log.read_text().splitlines()), role["rules"], USER, ROLE)


def judge(records: Iterable[Json], rules: Iterable[Json], user: str, role: str) -> RoleUse:
    """What the user was denied, and what the rules of the ClusterRole allow that it never wanted."""
    denied, used = Counter[str](), Counter[Right]()
    for record in records:
        if record["user"] != user:
            continue
        if not record["allowed"]:
            denied[_told(record)] += 1
        elif record.get("by", {}).get("role") == f"ClusterRole/{role}":
            used[(record.get("group", ""), _resource(record), record["verb"])] += 1
    granted = dict.fromkeys(right for rule in rules for right in rights(rule))
    return RoleUse(denied, used, tuple(right for right in granted if right not in used))


def rights(rule: Json) -> Iterator[Right]:
    """Each verb on each resource of a rule; a wildcard stands for itself, so that nothing ever uses it."""
    yield from product(rule.get("apiGroups") or (), rule.get("resources") or (), rule["verbs"])
    yield from product(("",), rule.get("nonResourceURLs") or (), rule["verbs"])


def _resource(record: Json) -> str:
    if "path" in record:
        return str(record["path"])
    return f"{record['resource']}/{record['subresource']}" if record["subresource"] else str(record["resource"])


def _told(record: Json) -> str:
    """The request in words, without names of objects: one line for all of a kind."""
    group = f".{record['group']}" if record.get("group") else ""
    place = " in a namespace" if record.get("namespace") else ""
    return f"{record['verb']} {_resource(record)}{group}{place}"
