"""An owner that can't renew its lease stops by itself, also when the database doesn't even say no."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.test import override_settings

from provisioner.operations.lease import SELF_FENCE_SHARE, Lease
from tests.chaos.waiting import until

STALE_SECONDS = 1.0


@pytest.fixture(autouse=True)
def hurried() -> Iterator[None]:
    with override_settings(STOREPLANE_HEARTBEAT_SECONDS=0.05, STOREPLANE_STALE_SECONDS=STALE_SECONDS):
        yield


class Silence:
    """A database that takes a heartbeat's question, and answers later that the claim stands no more."""

    def __init__(self) -> None:
        self.asked, self.answered = threading.Event(), threading.Event()

    def beat(self) -> bool:
        self.asked.set()
        self.answered.wait(60)
        return False


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    made = Silence()
    monkeypatch.setattr(Lease, "beat", made.beat)
    yield made
    made.answered.set()


@pytest.mark.usefixtures("silence")
def test_an_owner_whose_heartbeat_hangs_stops_before_others_take_over() -> None:
    lease, stopped = Lease(1, "owner", 1), threading.Event()
    began = time.monotonic()

    with lease.kept(stopped.set):
        assert stopped.wait(30)
        spent = time.monotonic() - began

    assert lease.lost.is_set()
    assert spent >= STALE_SECONDS * SELF_FENCE_SHARE


def test_an_owner_whose_heartbeat_fails_stops_too_and_goes_on_stopping(monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[float] = []

    def fail(_: Lease) -> bool:
        raise OperationalError

    monkeypatch.setattr(Lease, "beat", fail)
    lease, began = Lease(1, "owner", 1), time.monotonic()

    with lease.kept(lambda: stops.append(time.monotonic() - began)):
        until(lambda: len(stops) > 2, "it to stop again", seconds=30)

    assert lease.lost.is_set()
    assert stops[0] >= STALE_SECONDS * SELF_FENCE_SHARE


@override_settings(STOREPLANE_STALE_SECONDS=6.0)  # three and a half seconds, in which a busy machine beats once
def test_an_owner_that_beats_is_not_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    beats: list[float] = []

    def beat(_: Lease) -> bool:
        beats.append(time.monotonic())
        return True

    monkeypatch.setattr(Lease, "beat", beat)
    lease, stopped = Lease(1, "owner", 1), threading.Event()

    with lease.kept(stopped.set):
        until(lambda: beats and beats[-1] - beats[0] > 6.0 * SELF_FENCE_SHARE, "some beats", seconds=60)

    assert not lease.lost.is_set()
    assert not stopped.is_set()


@override_settings(STOREPLANE_STALE_SECONDS=600.0)
def test_an_answer_that_comes_when_the_step_is_done_stops_nothing(silence: Silence) -> None:
    """What runs in this process by then is the next step's."""
    lease, stopped = Lease(1, "owner", 1), threading.Event()
    with lease.kept(stopped.set):
        assert silence.asked.wait(30)

    silence.answered.set()
    until(lambda: not any(each.name == "heartbeat" for each in threading.enumerate()), "the heartbeat to end")

    assert not stopped.is_set()
