"""The rules of roles: which request one allows, and whether some rules cover others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from ..jsontypes import Json
from .attributes import Attributes

ALL = "*"


@dataclass(frozen=True)
class Rule:
    """A PolicyRule, ready for quick questions."""

    verbs: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    paths: tuple[str, ...] = ()


def compiled(raw: Json) -> Rule:
    """A rule as it is stored in a role."""

    def words(field: str) -> frozenset[str]:
        return frozenset(raw.get(field) or ())

    paths = tuple(raw.get("nonResourceURLs") or ())
    return Rule(words("verbs"), words("apiGroups"), words("resources"), words("resourceNames"), paths)


def allows(rule: Rule, asked: Attributes) -> bool:
    """Whether the rule allows the request."""
    if asked.verb not in rule.verbs and ALL not in rule.verbs:
        return False
    if asked.path:
        return any(_path_matches(pattern, asked.path) for pattern in rule.paths)
    if asked.group not in rule.groups and ALL not in rule.groups:
        return False
    if not _resource_matches(rule.resources, asked.combined, asked.subresource):
        return False
    return not rule.names or asked.name in rule.names


def _resource_matches(resources: frozenset[str], combined: str, subresource: str) -> bool:
    if combined in resources or ALL in resources:
        return True
    return bool(subresource) and f"*/{subresource}" in resources


def _path_matches(pattern: str, path: str) -> bool:
    if pattern in {ALL, path}:
        return True
    return pattern.endswith(ALL) and path.startswith(pattern.rstrip(ALL))


def missing(held: Sequence[Rule], wanted: Iterable[Rule]) -> list[Rule]:
    """The smallest parts of the wanted rules that the held ones don't cover: what a grant of them would add."""
    return [part for rule in wanted for part in _parts(rule) if not any(_covers(owner, part) for owner in held)]


def _parts(rule: Rule) -> Iterable[Rule]:
    """One verb on one resource (and one name), or on one path, each."""
    for group, resource, verb in product(sorted(rule.groups), sorted(rule.resources), sorted(rule.verbs)):
        for name in sorted(rule.names) or [""]:
            named = frozenset((name,)) if name else frozenset[str]()
            yield Rule(frozenset((verb,)), frozenset((group,)), frozenset((resource,)), named)
    for path, verb in product(rule.paths, sorted(rule.verbs)):
        yield Rule(frozenset((verb,)), paths=(path,))


def _covers(owner: Rule, part: Rule) -> bool:
    if not part.verbs <= owner.verbs and ALL not in owner.verbs:
        return False
    if part.paths:
        return any(_path_matches(pattern, part.paths[0]) for pattern in owner.paths)
    if not part.groups <= owner.groups and ALL not in owner.groups:
        return False
    (resource,) = part.resources
    if not _resource_matches(owner.resources, resource, resource.partition("/")[2]):
        return False
    return not owner.names or (bool(part.names) and part.names <= owner.names)
