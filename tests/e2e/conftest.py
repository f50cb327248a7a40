"""One platform for all end-to-end tests; each test makes stores of its own and takes them away."""

import logging
import os
import secrets
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.front_door import FrontDoor
from tests.e2e.ingress import INGRESS

# One line for each look while a test waits would bury what went wrong.
logging.getLogger("httpx").setLevel(logging.WARNING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder is an end-to-end test, and may take minutes."""
    for item in items:
        if "tests/e2e" in str(item.path):
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(1500))


@pytest.fixture(scope="session")
def door() -> FrontDoor:
    """The running platform."""
    url = os.environ.get("STOREPLANE_E2E_URL")
    if not url:
        pytest.fail("STOREPLANE_E2E_URL names no platform; run these tests by ./storeplane test.", pytrace=False)
    # A user of its own for each run, so that a run that was killed can't use up the next one's quota.
    return FrontDoor(url, user=f"e2e-{secrets.token_hex(3)}")


@pytest.fixture(scope="session", autouse=True)
def _ingress(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends what leads to the stores, and has it tell once what that is: also where pytest keeps what a test prints."""
    capture, terminal = map(request.config.pluginmanager.getplugin, ("capturemanager", "terminalreporter"))

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            terminal.write_line(f"\n{line}")

    if capture and terminal:  # none of them in a worker of pytest-xdist
        INGRESS.say = say
    yield
    INGRESS.close()


@pytest.fixture
def known_ingress(request: pytest.FixtureRequest) -> None:
    """For who opens a browser before there is a store: in the run's first test another store shows where they are."""
    if INGRESS.needs_a_store:
        request.getfixturevalue("born")


@pytest.fixture
def needs_launcher() -> None:
    """For tests of the processes that `./storeplane up` started on this machine."""
    if "STOREPLANE_HOME" not in os.environ:
        pytest.skip("STOREPLANE_HOME is not given: this platform's processes are not the launcher's")


@pytest.fixture
def new_name(door: FrontDoor) -> Iterator[Callable[[], str]]:
    """Makes names for stores, and removes the stores at the end."""
    made: list[str] = []

    def make() -> str:
        made.append(f"e2e-{secrets.token_hex(3)}")
        return made[-1]

    yield make
    for name in made:
        door.call("DELETE", f"/stores/{name}")
    for name in made:
        door.wait_until_gone(name)


@pytest.fixture
def born(door: FrontDoor, new_name: Callable[[], str]) -> str:
    """The name of a store that is Ready, and gone after the test."""
    name = new_name()
    door.create(name)
    door.wait_for_phase(name, "Ready")
    return name
