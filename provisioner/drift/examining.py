"""Looking at a store's objects in the cluster: each against what it should be, suspects confirmed by the API server."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from provisioner import labels, safekeeping
from provisioner.cluster import Cluster, Invalid, Manifest, kinds
from provisioner.drift import claimed, desired
from provisioner.drift.compare import LOST, Difference, differences, differs, leaving, managers_of
from provisioner.drift.desired import BY_NAME, KINDS, Record, Standing
from provisioner.drift.models import Verdict
from provisioner.drift.rules import Rule, rules_of
from provisioner.drift.seen import RELEASE_KIND, Seen
from provisioner.drift.suspecting import Suspicion, is_foreign, suspect
from provisioner.secrets import Data
from stores.models import Store

Object = tuple[str, str]
"""Kind and name."""


KEPT: Object = ("Secret", labels.SECRET_NAME)
"""The one object whose values are known: from its copy."""


@dataclass
class Examiner:
    """Examines one store; asks for its rules and its namespace's autoscalers once, and only if they matter."""

    cluster: Cluster
    store: Store
    standing: Standing
    unkept: Data | None = field(default=None, init=False)
    """What the store's Secret holds, when it is whole and no copy of it was kept."""
    _copy: Data | None = field(default=None, init=False)
    _rules: list[Rule] | None = field(default=None, init=False)
    _autoscaled: set[Object] | None = field(default=None, init=False)

    def look(self, named: Iterable[Object] | None) -> list[Seen] | None:
        """Judge these objects, or all; None while the namespace is on its way out. Raises ClusterError.

        An object that is missing may have gone with its namespace, which is then what is missing.
        """
        seen = [] if named is None else list(self._some(named))
        if named is not None and not any(each.verdict == Verdict.MISSING for each in seen):
            return seen
        namespace = self.cluster.get(kinds.NAMESPACE, self.store.namespace)
        if namespace is None or labels.is_of_another_tenant(namespace, self.store):
            return [Seen("Namespace", self.store.namespace, Verdict.MISSING)]
        if namespace["metadata"].get("deletionTimestamp"):
            return None
        return list(self._all(namespace)) if named is None else seen

    def _all(self, namespace: Manifest) -> Iterator[Seen]:
        """Every object that was asked for, and those that weren't; one list call for each kind."""
        if self.standing.record == Record.MISSING:
            yield Seen(RELEASE_KIND, labels.RELEASE, Verdict.MISSING)
        else:
            yield Seen(RELEASE_KIND, labels.RELEASE)
        yield self._one("Namespace", self.store.namespace, namespace)
        for kind in KINDS[1:]:
            yield from self._kind(kind)

    def _some(self, objects: Iterable[Object]) -> Iterator[Seen]:
        """These objects alone, one call each."""
        for kind, name in objects:
            if kind in BY_NAME:
                yield self._one(kind, name, self.cluster.get(BY_NAME[kind], name, self.store.namespace))

    def wanted(self, kind: str, name: str) -> Manifest | None:
        """One object as it should be, the store's own Secret with its values; None when nobody asked for it."""
        manifest = self.standing.manifest(kind, name)
        if manifest is None or (kind, name) != KEPT:
            return manifest
        if self._copy is None:
            self._copy = safekeeping.kept(self.cluster, self.store)
        known = self._copy or {}
        return {**manifest, "data": {key: known.get(key) for key in manifest["data"]}}

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
        wanted = self.wanted(kind, name)
        if wanted is None:
            foreign = found is not None and labels.is_of(found, self.store) and is_foreign(found)
            return Seen(kind, name, Verdict.FOREIGN if foreign else None)
        if found is None:
            return Seen(kind, name, Verdict.MISSING, tuple(_without_values(wanted)))
        if found["metadata"].get("deletionTimestamp"):
            # Missing as soon as it is gone; to change it now would be in vain.
            return Seen(kind, name)
        suspicion = self.suspicion(wanted, found)
        if (kind, name) == KEPT and self._copy is None and not any(map(is_lost, suspicion.counted)):
            self.unkept = found["data"]
        confirmed = self._confirmed(wanted, found, suspicion) if suspicion.counted else ()
        if not confirmed:
            return Seen(kind, name)
        by = (managers_of(found, each)[:1] for each in confirmed)
        managers = tuple(dict.fromkeys(manager for some in by for manager in some))
        return Seen(kind, name, Verdict.CHANGED, confirmed, managers)

    def _confirmed(self, wanted: Manifest, found: Manifest, suspicion: Suspicion) -> tuple[Difference, ...]:
        """The differences that an apply would put right, by the API server's own word.

        What differs still after the apply is only another way of writing the same. Keys that a Secret lost are beyond
        question, and beyond an apply; so is the volume that a claim is bound to.
        """
        lost = tuple(each for each in suspicion.counted if is_lost(each))
        if lost == suspicion.counted or wanted["kind"] == claimed.KIND.kind:
            return suspicion.counted
        try:
            result = self.cluster.apply(
                to_apply(wanted, found, suspicion), field_manager=desired.manager_of(wanted), dry_run=True
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


def _without_values(wanted: Manifest) -> Iterator[Difference]:
    """What is lost with a Secret that is gone."""
    if wanted["kind"] == "Secret":
        for key in sorted(key for key, value in wanted["data"].items() if value is None):
            yield Difference(f"{_VALUES}{key}", LOST, None)


def is_lost(difference: Difference) -> bool:
    """Whether the wanted value is known nowhere any more: a key of a Secret that no copy was kept of."""
    return bool(difference.wanted == LOST)


def to_apply(wanted: Manifest, found: Manifest | None, suspicion: Suspicion) -> Manifest:
    """What an apply is given: what is left as it is, or isn't known, as it was found. Left out, it would be removed."""
    if wanted["kind"] != "Secret":
        return leaving(wanted, suspicion.left)
    manifest = leaving(wanted, (each for each in suspicion.left if not each.path.startswith(_VALUES)))
    left = {each.path.removeprefix(_VALUES) for each in suspicion.left}
    there = (found or {}).get("data") or {}
    ours = {key: None if key in left else value for key, value in (wanted.get("data") or {}).items()}
    values = {key: there.get(key) if value is None else value for key, value in ours.items()}
    return {**manifest, "data": {key: value for key, value in values.items() if value is not None}}


_VALUES = "/data/"
"""No key of a Secret needs escaping in a JSON pointer."""
