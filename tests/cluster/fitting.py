"""A copy of the checkout that Kubernetes 1.20 can read.

The platform asks for 1.28 or newer. What it uses of the years between is little, and each is taken away by exchanging
an exact text: one that isn't there any more stops the fitting, and fails a test.
"""

from __future__ import annotations

import inspect
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.commands import ClusterError, remove, replace_once, run

KEPT = (".venv", ".build", ".storeplane")
"""What a copy that was used before has made for itself."""
BUILT = ("bootstrap", "chromium", "dashboard", "images", "postgres")
"""What a checkout has built, and its copy needn't build again."""
DEFINITION = "deploy/chart/crds/stores.yaml"


def without_rules(value: Any) -> Any:
    """Without rules in CEL, which a definition may hold since 1.23."""
    if isinstance(value, dict):
        return {name: without_rules(each) for name, each in value.items() if name != "x-kubernetes-validations"}
    return [without_rules(each) for each in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Change:
    """A text that stands in a file exactly once, and what stands there in the copy."""

    path: str
    old: str
    new: str


_OURS, _OLDEST = 'kubeVersion: ">=1.28.0-0"', 'kubeVersion: ">=1.20.0-0"'
# What it says is what 1.20 does anyway: a StatefulSet's volumes stay.
_RETENTION = "  persistentVolumeClaimRetentionPolicy: {whenDeleted: Retain, whenScaled: Retain}\n"
_CRD = 'def crd() -> Schema:\n    """The whole definition, ready to be applied."""\n'
_CRD_WITHOUT_RULES = f"""{_CRD}    return Schema(without_rules(with_rules()))


{inspect.getsource(without_rules)}

def with_rules() -> Schema:
"""

_SCALERS = 'HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling", "v{}", '

CHANGES = (
    Change("deploy/chart/Chart.yaml", _OURS, _OLDEST),
    Change("storefront_charts/medusa/Chart.yaml", _OURS, _OLDEST),
    Change("deploy/chart/templates/postgresql.yaml", _RETENTION, ""),
    Change("deploy/chart/templates/redis.yaml", _RETENTION, ""),
    Change("storefront_charts/medusa/templates/database.yaml", _RETENTION, ""),
    Change("provisioner/mirror/schema.py", _CRD, _CRD_WITHOUT_RULES),
    # What a judgement of drift reads of autoscalers is the same in both.
    Change("provisioner/cluster/kinds.py", _SCALERS.format(2), _SCALERS.format(1)),
)


def make_copy(checkout: Path, copy: Path) -> None:
    """The checkout's files as they are now, committed or not, fit for 1.20, and what it has built."""
    listed = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=checkout)
    copy.mkdir(parents=True, exist_ok=True)
    for old in copy.iterdir():
        if old.name not in KEPT:
            remove(old)
    for name in filter(None, listed.split("\0")):
        if (checkout / name).is_file():  # not one that is deleted, but in the index still
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, copy / name)
    fit(copy)
    _take_what_is_built(checkout / ".build", copy / ".build")


def fit(copy: Path) -> None:
    """Make all changes. Raises ClusterError at the first that can't be made."""
    for change in CHANGES:
        replace_once(copy / change.path, change.old, change.new)
    path = copy / DEFINITION
    definition = yaml.safe_load(path.read_text())
    fitting = without_rules(definition)
    if fitting == definition:
        raise ClusterError(f"{path} has no rules in CEL to take away.")
    path.write_text(yaml.safe_dump(fitting, sort_keys=False))


def _take_what_is_built(made: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    for name in BUILT:
        if (made / name).is_dir():
            run(["rsync", "-a", "--delete", f"{made / name}/", f"{out / name}/"])
