"""What follows from what Helm has stored. No branch may uninstall what was ever deployed."""

import itertools
from dataclasses import replace

import pytest

from provisioner.helm import Release
from provisioner.pipelines.steps.release import Action, Wanted, decide

WANTED = Wanted("digest", "0.1.0")
DEPLOYED = Release(
    name="store",
    namespace="store-x",
    revision=1,
    status="deployed",
    chart="medusa",
    chart_version="0.1.0",
    app_version="2.18.0",
    description="",
    values_digest="digest",
    last_deployed="",
    ever_deployed=True,
)
NEVER = replace(DEPLOYED, ever_deployed=False)

CASES = {
    "absent": (None, Action.INSTALL),
    "deployed as wanted": (DEPLOYED, Action.NOTHING),
    "deployed with other values": (replace(DEPLOYED, values_digest="other"), Action.UPGRADE),
    "deployed from an older chart": (replace(DEPLOYED, chart_version="0.0.9"), Action.UPGRADE),
    "failed first install": (replace(NEVER, status="failed"), Action.UPGRADE),
    "failed upgrade": (replace(DEPLOYED, status="failed"), Action.UPGRADE),
    "superseded only": (replace(DEPLOYED, status="superseded"), Action.UPGRADE),
    "pending-install": (replace(NEVER, status="pending-install"), Action.UNLOCK),
    "pending-upgrade": (replace(DEPLOYED, status="pending-upgrade"), Action.UNLOCK),
    "pending-rollback": (replace(DEPLOYED, status="pending-rollback"), Action.UNLOCK),
    "uninstalling, never deployed": (replace(NEVER, status="uninstalling"), Action.REMOVE_RECORD),
    "uninstalling, once deployed": (replace(DEPLOYED, status="uninstalling"), Action.UPGRADE),
}


@pytest.mark.parametrize(("release", "expected"), CASES.values(), ids=CASES.keys())
def test_the_next_action_follows_from_the_stored_release(release: Release | None, expected: Action) -> None:
    assert decide(release, WANTED) == expected


def test_a_release_that_was_ever_deployed_is_never_removed_to_repair_it() -> None:
    statuses = ("deployed", "failed", "superseded", "pending-install", "pending-upgrade", "uninstalling", "unknown")
    for status, digest in itertools.product(statuses, ("digest", "other")):
        release = replace(DEPLOYED, status=status, values_digest=digest)

        assert decide(release, WANTED) != Action.REMOVE_RECORD
