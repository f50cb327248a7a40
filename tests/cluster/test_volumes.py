"""Which claims get a volume, which volumes go, and that a volume is for its claim alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.cluster.volumes import is_done, is_waiting, volume_for

CLAIM: dict[str, Any] = {
    "metadata": {"namespace": "shop", "name": "data-postgres-0", "uid": "u-1"},
    "spec": {
        "storageClassName": "local",
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
    "status": {"phase": "Pending"},
}


def test_a_volume_is_for_its_claim_alone() -> None:
    spec = volume_for(CLAIM, Path("/volumes"))["spec"]
    assert spec["claimRef"]["uid"] == "u-1"
    assert spec["local"]["path"] == "/volumes/pv-u-1"
    assert spec["capacity"] == {"storage": "1Gi"}


def test_a_claim_waits_until_it_is_bound_and_only_for_its_own_class() -> None:
    assert is_waiting(CLAIM)
    assert not is_waiting({**CLAIM, "status": {"phase": "Bound"}})
    assert not is_waiting({**CLAIM, "spec": {**CLAIM["spec"], "storageClassName": "fast"}})
    assert not is_waiting({**CLAIM, "spec": {**CLAIM["spec"], "volumeName": "mine"}})


def test_a_volume_goes_with_its_claim_once_and_never_one_that_is_retained() -> None:
    volume = {**volume_for(CLAIM, Path("/volumes")), "status": {"phase": "Released"}}
    assert is_done(volume)
    assert not is_done({**volume, "status": {"phase": "Bound"}})
    assert not is_done({**volume, "metadata": {**volume["metadata"], "deletionTimestamp": "now"}})
    assert not is_done({**volume, "spec": {**volume["spec"], "persistentVolumeReclaimPolicy": "Retain"}})
