"""What is sent, and what waits already."""

import secrets
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from celery.canvas import Signature

from provisioner.drift import judging
from provisioner.drift.tasks import judge_drift
from provisioner.messages import send_later
from tests.chaos.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> Iterator[list[tuple[Any, ...]]]:
    """What goes to the broker; Redis, which keeps the marks, is a real one."""
    messages: list[tuple[Any, ...]] = []

    def apply_async(self: "Signature[Any]", **options: Any) -> None:
        messages.append((self.args, options["countdown"]))

    with patch.object(Signature, "apply_async", apply_async):
        yield messages


@pytest.fixture
def name() -> str:
    """A store of which nothing was said in other tests."""
    return f"tea-{secrets.token_hex(4)}"


def test_a_message_that_waits_already_is_not_sent_again(sent: list[Any], name: str) -> None:
    assert send_later(judge_drift.s(name, None), queue="drift", seconds=30.0)
    assert not send_later(judge_drift.s(name, None), queue="drift", seconds=30.4)
    assert send_later(judge_drift.s(name, [["Service", "backend"]]), queue="drift", seconds=30.0)
    assert send_later(judge_drift.s(name, None), queue="drift", seconds=2.0)
    assert [(args[1], seconds) for args, seconds in sent] == [
        (None, 30.0),
        ([["Service", "backend"]], 30.0),
        (None, 2.0),
    ]


def test_a_message_may_be_sent_again_once_it_was_due(sent: list[Any], name: str) -> None:
    assert send_later(judge_drift.s(name, None), queue="drift", seconds=0.05)
    assert until(lambda: send_later(judge_drift.s(name, None), queue="drift", seconds=0.05), "the mark to go")
    assert len(sent) == 2


def test_judgements_of_a_namespace_that_never_goes_do_not_add_up(sent: list[Any], name: str) -> None:
    with patch.object(judging, "judge", return_value=judging.LEAVING_SECONDS):
        for _ in range(5):  # the sweep, the watcher, and the message that waited
            judge_drift(name, None)
    assert len(sent) == 1
