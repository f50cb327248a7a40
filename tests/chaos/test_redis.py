"""Redis goes away, forgets everything, or falls silent: what is asked for is answered, and all stores become Ready."""

import time
from collections.abc import Callable, Iterator

import pytest

from stores.models import Store, StoreEvent
from tests.chaos.checks import assert_born_once, assert_no_orphans
from tests.chaos.conftest import MakeRig
from tests.chaos.relay import Relay
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until
from tests.people import as_user

SANE_SECONDS = 20.0


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig) -> Rig:
    """An ordinary platform."""
    box = make_rig()
    box.undisturbed()
    return box


@pytest.fixture(scope="module")
def relay() -> Iterator[Relay]:
    """Between the platform and its Redis."""
    made = Relay()
    yield made
    made.stop()


def restart_with_data(rig: Rig) -> None:
    rig.broker.kill()
    rig.broker.start()


def restart_empty(rig: Rig) -> None:
    rig.broker.kill()
    rig.broker.forget()
    rig.broker.start()


def flush(rig: Rig) -> None:
    with rig.broker.client() as client:
        client.flushall()


MISFORTUNES: dict[str, Callable[[Rig], None]] = {
    "restarted": restart_with_data,
    "restarted-empty": restart_empty,
    "flushed": flush,
}


def told(names: list[str]) -> int:
    return StoreEvent.objects.filter(store__name__in=names).count()


@pytest.mark.parametrize("what", MISFORTUNES)
def test_stores_are_born_once_though_redis_is(rig: Rig, what: str) -> None:
    names = [rig.name(f"{what}-{number}") for number in range(4)]
    rig.ask_for(*names)

    for _ in range(3):
        before = told(names)
        until(lambda before=before: told(names) >= before + 3, "the births to go on")  # type: ignore[misc]
        MISFORTUNES[what](rig)

    rig.wait_ready(*names)
    for name in names:
        assert_born_once(rig.cluster, name, rig.undisturbed())
    assert_no_orphans(rig.cluster, rig.prefix)


def test_a_store_that_was_asked_for_without_redis_is_recorded_and_born_when_redis_is_back(rig: Rig) -> None:
    client, name = as_user("chaos"), rig.name("unheard")
    rig.broker.kill()
    began = time.monotonic()

    answer = client.post("/stores", {"name": name, "engine": "medusa"})

    spent = time.monotonic() - began
    rig.broker.start()
    assert answer.status_code == 201, answer.content
    assert spent < SANE_SECONDS
    rig.wait_ready(name)
    assert_born_once(rig.cluster, name, rig.undisturbed())


def test_a_removal_that_was_asked_for_without_redis_is_recorded_and_done_when_redis_is_back(rig: Rig) -> None:
    client, name = as_user("chaos"), rig.name("unheard-removal")
    assert client.post("/stores", {"name": name, "engine": "medusa"}).status_code == 201
    rig.wait_ready(name)
    rig.broker.kill()
    began = time.monotonic()

    answer = client.delete(f"/stores/{name}")

    spent = time.monotonic() - began
    rig.broker.start()
    assert answer.status_code == 202, answer.content
    assert spent < SANE_SECONDS
    rig.wait_gone(name)


def test_stores_are_born_once_though_every_connection_to_redis_falls_silent(make_rig: MakeRig, relay: Relay) -> None:
    silent = make_rig(Plan(relay=relay))
    shape = silent.undisturbed()
    names = [silent.name(f"silent-{number}") for number in range(3)]
    silent.ask_for(*names)
    until(lambda: told(names) > 4, "the births to go on")

    assert relay.freeze() > 0

    silent.wait_ready(*names)
    for name in names:
        assert_born_once(silent.cluster, name, shape)
    assert Store.objects.not_gone().filter(name__in=names).count() == 3
