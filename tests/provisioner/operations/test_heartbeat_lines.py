"""A line of the heartbeat's thread belongs to the step whose it is."""

import pytest
from django.db import OperationalError
from django.test import override_settings
from structlog.contextvars import bound_contextvars, get_contextvars

from provisioner.operations import lease as leases
from provisioner.operations.lease import Lease
from tests.chaos.waiting import until


def test_a_heartbeat_that_was_missed_is_told_with_the_step_and_its_request(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, object]] = []

    class Log:
        def warning(self, event: str, **_: object) -> None:
            seen.append({"event": event, **get_contextvars()})

    def fail(_: Lease) -> bool:
        raise OperationalError

    monkeypatch.setattr(leases, "log", Log())
    monkeypatch.setattr(Lease, "beat", fail)
    with (
        override_settings(STOREPLANE_HEARTBEAT_SECONDS=0.01),
        bound_contextvars(step="helm", request_id="r-1"),
        Lease(1, "owner", 1).kept(lambda: None),
    ):
        until(lambda: seen, "a heartbeat", seconds=30)

    assert seen[0].items() >= {"event": "heartbeat missed", "step": "helm", "request_id": "r-1"}.items()
