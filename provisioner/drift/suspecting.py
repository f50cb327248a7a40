"""From an object as it should be and as it is to what of it counts as drift. Pure; used by the sweep and the judge."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from provisioner.cluster import Manifest
from provisioner.drift.compare import Difference, differences, managers_of, scaled_by
from provisioner.drift.rules import Rule, ignored

REPLICAS = "/spec/replicas"
SCALED = ("Deployment", "StatefulSet")

Autoscaled = Callable[[str, str, str], bool]
"""Whether an autoscaler is set upon the object of this namespace, kind and name; asked only when replicas differ."""

NO_RULES: Callable[[], Sequence[Rule]] = tuple


@dataclass(frozen=True)
class Suspicion:
    """The differences that count, and those that are left as they are."""

    counted: tuple[Difference, ...] = ()
    left: tuple[Difference, ...] = ()


def suspect(
    wanted: Manifest, found: Manifest, *, rules: Callable[[], Sequence[Rule]] = NO_RULES, autoscaled: Autoscaled
) -> Suspicion:
    """Sort the differences. `rules` is called only when there are any."""
    different = differences(wanted, found)
    if not different:
        return Suspicion()
    known = rules()
    left = [each for each in different if _is_left(wanted, found, each, known, autoscaled)]
    return Suspicion(tuple(each for each in different if each not in left), tuple(left))


def is_foreign(found: Manifest) -> bool:
    """Whether an object that nobody asked for was made by somebody, and not by a controller for an object of ours."""
    metadata = found["metadata"]
    return not metadata.get("ownerReferences") and not metadata.get("deletionTimestamp")


def _is_left(
    wanted: Manifest, found: Manifest, difference: Difference, rules: Sequence[Rule], autoscaled: Autoscaled
) -> bool:
    kind, metadata = wanted["kind"], wanted["metadata"]
    if difference.path == REPLICAS and kind in SCALED:
        namespace = found["metadata"].get("namespace", "")
        if scaled_by(found) or autoscaled(namespace, kind, metadata["name"]):
            return True
    manager = next(iter(managers_of(found, difference)), "")
    return ignored(rules, kind, metadata["name"], difference.path, manager)
