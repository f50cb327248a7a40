"""Nobody gives away by a role or a binding what they don't have, unless they may `escalate` or `bind`."""

from collections.abc import Iterable

from ..errors import forbidden
from ..jsontypes import Json
from ..options import Review
from ..resources import Resource
from .attributes import Attributes
from .authorizer import BINDINGS, CLUSTER_BINDINGS, CLUSTER_ROLES, GROUP, ROLES, Authorizer
from .identity import User
from .rules import Rule, compiled, missing

_EVERYTHING = (
    Rule(frozenset("*"), frozenset("*"), frozenset("*")),
    Rule(frozenset("*"), paths=("*",)),
)
_WISHES = ("rules", "aggregationRule", "roleRef", "subjects")


def review_of(authorizer: Authorizer, user: User, resource: Resource) -> Review | None:
    """What looks at each new state of a role or binding before it is stored; None for what needs no such look."""
    if resource.group != GROUP or user.may_everything:
        return None
    return _Escalation(authorizer, user, resource).review


class _Escalation:
    """One user's write of one role or binding."""

    def __init__(self, authorizer: Authorizer, user: User, resource: Resource) -> None:
        self._authorizer = authorizer
        self._user = user
        self._resource = resource

    def review(self, obj: Json, old: Json | None) -> None:
        """Raises 403 when it would give somebody more than the user has."""
        if old is not None and all(obj.get(field) == old.get(field) for field in _WISHES):
            return
        if self._resource.key in {ROLES, CLUSTER_ROLES}:
            self._review_role(obj)
        elif self._resource.key in {BINDINGS, CLUSTER_BINDINGS}:
            self._review_binding(obj)

    def _review_role(self, role: Json) -> None:
        if self._may("escalate", self._resource.plural, role["metadata"], role["metadata"]["name"]):
            return
        wanted = [compiled(rule) for rule in role.get("rules") or ()]
        if role.get("aggregationRule"):
            wanted += _EVERYTHING  # its rules may become anything
        self._refuse_excess(role["metadata"], wanted)

    def _review_binding(self, binding: Json) -> None:
        meta, reference = binding["metadata"], binding["roleRef"]
        plural = "clusterroles" if reference["kind"] == "ClusterRole" else "roles"
        if self._may("bind", plural, meta, reference["name"]):
            return
        wanted = self._authorizer.rules_of(meta.get("namespace"), reference)
        if wanted is None:
            # Nobody knows what a role that is missing will allow one day.
            raise forbidden(self._resource, meta["name"], f'{plural}.{GROUP} "{reference["name"]}" not found')
        self._refuse_excess(meta, wanted)

    def _may(self, verb: str, plural: str, meta: Json, name: str) -> bool:
        asked = Attributes(verb, GROUP, plural, namespace=meta.get("namespace") or "", name=name)
        return self._authorizer.decide(self._user, asked).allowed

    def _refuse_excess(self, meta: Json, wanted: Iterable[Rule]) -> None:
        grants = self._authorizer.grants_of(self._user, meta.get("namespace") or "")
        excess = missing([rule for grant in grants for rule in grant.rules], wanted)
        if not excess:
            return
        groups = " ".join(f'"{group}"' for group in self._user.groups)
        who, lines = f'user "{self._user.name}" (groups=[{groups}])', "\n".join(sorted(set(_told(excess))))
        why = f"{who} is attempting to grant RBAC permissions not currently held:\n{lines}"
        raise forbidden(self._resource, meta["name"], why)


def _told(parts: list[Rule]) -> list[str]:
    """The parts in words, with the verbs on one thing in one line."""
    verbs: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for part in parts:
        thing = (tuple(part.groups), tuple(part.resources), tuple(part.names), part.paths)
        verbs.setdefault(thing, []).extend(part.verbs)
    lines = []
    for (groups, resources, names, paths), found in verbs.items():
        named = (("APIGroups", groups), ("Resources", resources), ("ResourceNames", names))
        words = [f"{label}:[{_quoted(value)}]" for label, value in named if value]
        words += [f"NonResourceURLs:[{_quoted(paths)}]"] if paths else []
        lines.append("{" + ", ".join([*words, f"Verbs:[{_quoted(sorted(found))}]"]) + "}")
    return lines


def _quoted(words: tuple[str, ...] | list[str]) -> str:
    return " ".join(f'"{word}"' for word in words)
