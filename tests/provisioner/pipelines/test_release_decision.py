"""What follows from what Helm has stored. No branch may uninstall what was ever deployed."""

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
    "pending-install": (replace(NEVER, status="pending-install"), Action.MARK_FAILED),
    "pending-upgrade": (replace(DEPLOYED, status="pending-upgrade"), Action.MARK_FAILED),
    "pending-rollback": (replace(DEPLOYED, status="pending-rollback"), Action.MARK_FAILED),
    "uninstalling": (replace(DEPLOYED, status="uninstalling"), Action.MARK_FAILED),
    "uninstalled, its history kept": (replace(DEPLOYED, status="uninstalled"), Action.MARK_FAILED),
    "a state that Helm may add": (replace(DEPLOYED, status="unknown"), Action.MARK_FAILED),
}


@pytest.mark.parametrize(("release", "expected"), CASES.values(), ids=CASES.keys())
def test_the_next_action_follows_from_the_stored_release(release: Release | None, expected: Action) -> None:
    assert decide(release, WANTED) == expected


def test_no_action_removes_a_release() -> None:
    assert {action.value for action in Action} == {"nothing", "install", "upgrade", "mark failed"}
