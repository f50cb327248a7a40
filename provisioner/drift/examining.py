"""Looking at a store's objects in the cluster: each against what it should be, suspects confirmed by the API server."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from provisioner import labels
from provisioner.cluster import Cluster, Invalid, Manifest, kinds
from provisioner.drift import desired
from provisioner.drift.compare import Difference, differences, differs, leaving, managers_of
from provisioner.drift.desired import BY_NAME, KINDS, Record, Standing
from provisioner.drift.models import Verdict
from provisioner.drift.rules import Rule, rules_of
from provisioner.drift.seen import RELEASE_KIND, Seen
from provisioner.drift.suspecting import Suspicion, is_foreign, suspect
from stores.models import Store

Object = tuple[str, str]
"""Kind and name."""


@dataclass
class Examiner:
    """Examines one store; asks for its rules and its namespace's autoscalers once, and only if they matter."""

    cluster: Cluster
    store: Store
    standing: Standing
    _rules: list[Rule] | None = field(default=None, init=False)
    _autoscaled: set[Object] | None = field(default=None, init=False)

    def all(self) -> Iterator[Seen]:
        """Every object that was asked for, and those that weren't; one list call for each kind. Raises ClusterError."""
        namespace = self.cluster.get(kinds.NAMESPACE, self.store.namespace)
        if namespace is None:
            yield Seen("Namespace", self.store.namespace, Verdict.MISSING)
            return
        if namespace["metadata"].get("deletionTimestamp"):
            return
        if self.standing.record == Record.MISSING:
            yield Seen(RELEASE_KIND, labels.RELEASE, Verdict.MISSING)
        else:
            yield Seen(RELEASE_KIND, labels.RELEASE)
        yield self._one("Namespace", self.store.namespace, namespace)
        for kind in KINDS[1:]:
            yield from self._kind(kind)

    def some(self, objects: Iterable[Object]) -> Iterator[Seen]:
        """These objects alone, one call each. Raises ClusterError."""
        for kind, name in objects:
            if kind in BY_NAME:
                yield self._one(kind, name, self.cluster.get(BY_NAME[kind], name, self.store.namespace))

    def suspicion(self, wanted: Manifest, found: Manifest) -> Suspicion:
        """The differences of one object, sorted by the store's rules."""
        return suspect(wanted, found, rules=self._own_rules, autoscaled=self._is_autoscaled)

    def _kind(self, kind: kinds.Kind) -> Iterator[Seen]:
        listed = self.cluster.list(kind, self.store.namespace, label_selector=labels.SELECTOR)
        found = {each["metadata"]["name"]: each for each in listed}
        for name in {**self.standing.manifests.get(kind.kind, {}), **found}:
            # An object that lost our label isn't in the list.
            there = found.get(name) or self.cluster.get(kind, name, self.store.namespace)
            yield self._one(kind.kind, name, there)

    def _one(self, kind: str, name: str, found: Manifest | None) -> Seen:
        wanted = self.standing.manifest(kind, name)
        if wanted is None:
            foreign = found is not None and labels.is_of(found, self.store) and is_foreign(found)
            return Seen(kind, name, Verdict.FOREIGN if foreign else None)
        if found is None:
            return Seen(kind, name, Verdict.MISSING)
        if found["metadata"].get("deletionTimestamp"):
            # Missing as soon as it is gone; to change it now would be in vain.
            return Seen(kind, name)
        suspicion = self.suspicion(wanted, found)
        confirmed = self._confirmed(wanted, found, suspicion) if suspicion.counted else ()
        if not confirmed:
            return Seen(kind, name)
        by = (managers_of(found, each)[:1] for each in confirmed)
        managers = tuple(dict.fromkeys(manager for some in by for manager in some))
        return Seen(kind, name, Verdict.CHANGED, confirmed, managers)

    def _confirmed(self, wanted: Manifest, found: Manifest, suspicion: Suspicion) -> tuple[Difference, ...]:
        """The differences that an apply would put right, by the API server's own word.

        What differs still after the apply is only another way of writing the same. Keys that a Secret lost are beyond
        question, and beyond an apply.
        """
        lost = tuple(each for each in suspicion.counted if is_lost(wanted, each))
        if lost == suspicion.counted:
            return lost
        try:
            result = self.cluster.apply(
                to_apply(wanted, suspicion), field_manager=desired.manager_of(wanted), dry_run=True
            )
        except Invalid:
            # It can't be applied over what is there, so it can't be the same.
            return suspicion.counted
        if not differs(result, found):
            return lost
        left = {each.path for each in differences(wanted, result)}
        return tuple(each for each in suspicion.counted if each in lost or each.path not in left)

    def _own_rules(self) -> Sequence[Rule]:
        if self._rules is None:
            self._rules = rules_of(self.store)
        return self._rules

    def _is_autoscaled(self, namespace: str, kind: str, name: str) -> bool:
        if self._autoscaled is None:
            found = self.cluster.list(kinds.HORIZONTAL_POD_AUTOSCALER, self.store.namespace)
            self._autoscaled = {target_of(each) for each in found}
        return (kind, name) in self._autoscaled


def target_of(autoscaler: Manifest) -> Object:
    """What an autoscaler scales."""
    target = autoscaler["spec"]["scaleTargetRef"]
    return target["kind"], target["name"]


def is_lost(wanted: Manifest, difference: Difference) -> bool:
    """Whether the wanted value is known nowhere any more: a key of the Secret that the platform made itself."""
    return wanted["kind"] == "Secret" and difference.path.startswith("/data/")


def to_apply(wanted: Manifest, suspicion: Suspicion) -> Manifest:
    """What an apply is given. Of a Secret all but its values, which stay as they are."""
    manifest = leaving(wanted, (each for each in suspicion.left if not is_lost(wanted, each)))
    return {name: value for name, value in manifest.items() if name != "data" or wanted["kind"] != "Secret"}
