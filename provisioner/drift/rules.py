"""Which differences are to be ignored: rules of a store and of the platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.db.models import Q

from stores.models import DriftRule, Store


@dataclass(frozen=True)
class Rule:
    """What is ignored; an empty field matches anything.

    `name` is a pattern (`fnmatch`), `pointer` (RFC 6901) means the field itself and all below it. A pointer never
    matches the whole object: one that is missing is not ignored for the sake of one of its fields.
    """

    kind: str = ""
    name: str = ""
    pointer: str = ""
    manager: str = ""


def ignored(rules: Sequence[Rule], kind: str, name: str, pointer: str, manager: str) -> bool:
    """Whether one of the rules matches a difference at `pointer` (empty for the whole object) that `manager` made."""
    return any(
        rule.kind in ("", kind)
        and (not rule.name or fnmatchcase(name, rule.name))
        and _covers(rule.pointer, pointer)
        and rule.manager in ("", manager)
        for rule in rules
    )


def rules_of(store: Store) -> list[Rule]:
    """The store's own and the platform's, in one query."""
    rows = DriftRule.objects.filter(Q(store=store) | Q(store__isnull=True))
    return [Rule(*row) for row in rows.values_list("kind", "name", "pointer", "manager")]


def _covers(rule: str, pointer: str) -> bool:
    # As text: in both, `/` is written only between steps, and `~` has one way to be written.
    return rule in ("", pointer) or pointer.startswith(f"{rule}/")
