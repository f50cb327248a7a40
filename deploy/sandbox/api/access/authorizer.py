"""RBAC over the stored roles and bindings, compiled once and forgotten when one of them changes."""

from collections.abc import Iterator
from dataclasses import dataclass

from ..jsontypes import Json
from ..storage import Entry, Storage
from .attributes import Attributes
from .identity import User, account_name
from .rules import Rule, allows, compiled

GROUP = "rbac.authorization.k8s.io"
ROLES, CLUSTER_ROLES = f"{GROUP}/roles", f"{GROUP}/clusterroles"
BINDINGS, CLUSTER_BINDINGS = f"{GROUP}/rolebindings", f"{GROUP}/clusterrolebindings"
_KEYS = frozenset((ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS))
_MOST_REMEMBERED = 20_000


@dataclass(frozen=True)
class Grant:
    """A role that a binding gives to a subject."""

    told: str  # as in the reason of an access review
    binding: str
    role: str
    raw: tuple[Json, ...] = ()
    rules: tuple[Rule, ...] = ()
    lost: str = ""  # what is said of a role that isn't there


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed, and by which rule of which role (counted from 0), or why not."""

    allowed: bool
    reason: str = ""
    binding: str = ""
    role: str = ""
    rule: int | None = None


UNASKED = Decision(allowed=True)
_Subject = tuple[str, str]  # kind (User or Group) and name


class Authorizer:
    """Answers what a user may do."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._cluster: dict[_Subject, list[Grant]] | None = None
        self._namespaced: dict[str, dict[_Subject, list[Grant]]] = {}
        self._known: dict[tuple[str, tuple[str, ...], str], tuple[Grant, ...]] = {}
        storage.listen(self._on_change)

    def decide(self, user: User, asked: Attributes) -> Decision:
        """What members of system:masters ask is allowed without a look."""
        if user.may_everything:
            return UNASKED
        grants = self.grants_of(user, asked.namespace)
        for grant in grants:
            for number, rule in enumerate(grant.rules):
                if allows(rule, asked):
                    told = f"RBAC: allowed by {grant.told}"
                    return Decision(True, told, grant.binding, grant.role, number)
        lost = [grant.lost for grant in grants if grant.lost]
        told = lost[0] if len(lost) == 1 else f"[{', '.join(lost)}]"
        return Decision(allowed=False, reason=f"RBAC: {told}" if lost else "")

    def grants_of(self, user: User, namespace: str) -> tuple[Grant, ...]:
        """What a user has: in the whole cluster, and in the namespace when one is named."""
        key = (user.name, user.groups, namespace)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            found = self._known[key] = tuple(self._collect(user, namespace))
        return found

    def rules_of(self, namespace: str | None, reference: Json) -> tuple[Rule, ...] | None:
        """The rules of the role that a binding (of a namespace, or cluster-wide) names; None when it is missing."""
        role = self._role(namespace, reference)
        return None if role is None else tuple(compiled(raw) for raw in role.get("rules") or ())

    def _collect(self, user: User, namespace: str) -> Iterator[Grant]:
        if self._cluster is None:
            self._compile()
        subjects = [("User", user.name), *(("Group", group) for group in user.groups)]
        for bound in (self._cluster or {}, self._namespaced.get(namespace, {}) if namespace else {}):
            for subject in subjects:
                yield from bound.get(subject, ())

    def _compile(self) -> None:
        self._cluster = self._bound(self._entries(CLUSTER_BINDINGS))
        by_namespace: dict[str, list[Entry]] = {}
        for entry in self._entries(BINDINGS):
            by_namespace.setdefault(entry.obj["metadata"]["namespace"], []).append(entry)
        self._namespaced = {namespace: self._bound(entries) for namespace, entries in by_namespace.items()}

    def _entries(self, key: str) -> list[Entry]:
        shelf = self._storage.shelf(key)
        return [shelf.entries[name] for name in shelf.keys(None)]

    def _bound(self, bindings: list[Entry]) -> dict[_Subject, list[Grant]]:
        found: dict[_Subject, list[Grant]] = {}
        for entry in bindings:
            namespace = entry.obj["metadata"].get("namespace")
            role = self._role(namespace, entry.obj["roleRef"])
            for subject in entry.obj.get("subjects") or ():
                grant = _grant(entry.obj, subject, role)
                found.setdefault(_key(subject, namespace), []).append(grant)
        return found

    def _role(self, namespace: str | None, reference: Json) -> Json | None:
        if reference.get("kind") == "ClusterRole":
            entry = self._storage.find(CLUSTER_ROLES, None, reference["name"])
        else:
            entry = self._storage.find(ROLES, namespace, reference["name"])
        return None if entry is None else entry.obj

    def _on_change(self, _kind: str, entry: Entry, _before: Entry | None) -> None:
        if entry.resource_key in _KEYS:
            self._cluster = None
            self._known.clear()


def _key(subject: Json, namespace: str | None) -> _Subject:
    if subject.get("kind") == "ServiceAccount":
        return "User", account_name(subject.get("namespace") or namespace or "", subject.get("name", ""))
    return subject.get("kind", ""), subject.get("name", "")


def _grant(binding: Json, subject: Json, role: Json | None) -> Grant:
    reference, meta = binding["roleRef"], binding["metadata"]
    namespace = meta.get("namespace")
    name = f"{meta['name']}/{namespace}" if namespace else meta["name"]
    kind, holder = subject.get("kind", ""), subject.get("name", "")
    if kind == "ServiceAccount":
        holder = f"{holder}/{subject.get('namespace') or namespace}"
    told = f'{binding["kind"]} "{name}" of {reference["kind"]} "{reference["name"]}" to {kind} "{holder}"'
    where = f"{namespace}/" if namespace and reference["kind"] == "Role" else ""
    role_name = f"{reference['kind']}/{where}{reference['name']}"
    binding_name = f"{binding['kind']}/{namespace + '/' if namespace else ''}{meta['name']}"
    if role is None:
        lost = f'{reference["kind"].lower()}.{GROUP} "{reference["name"]}" not found'
        return Grant(told, binding_name, role_name, lost=lost)
    raw = tuple(role.get("rules") or ())
    return Grant(told, binding_name, role_name, raw, tuple(compiled(rule) for rule in raw))
