"""One sandbox cluster for all of these tests, and a platform of real processes for each file of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from tests.chaos.cluster import sandbox
from tests.chaos.rig import Plan, Rig, rig

MakeRig = Callable[..., Rig]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each of these tests needs a database, and may take minutes on a busy machine."""
    for item in items:
        if "tests/chaos" in str(item.path):
            item.add_marker(pytest.mark.timeout(900))
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """A failure shows the last words of the rig's processes."""
    report = yield
    if report.failed:
        for box in _running:
            report.sections += [(f"the rig's {name}", text) for name, text in box.tails().items()]
    return report


_running: list[Rig] = []


@pytest.fixture(scope="session")
def sandbox_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a sandbox cluster; never a cluster that KUBECONFIG names."""
    with sandbox(tmp_path_factory.mktemp("sandbox")) as kubeconfig:
        yield kubeconfig


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database, kept over the tests of a file and emptied once no worker uses it any more."""
    with django_db_blocker.unblock():
        try:
            yield
        finally:
            call_command("flush", verbosity=0, interactive=False)
            connections.close_all()


@pytest.fixture
def _django_db_helper(database: None) -> None:
    """Stands in for pytest-django's own, which would empty the database after each test, under running workers."""


@pytest.fixture(scope="module")
def make_rig(
    database: None, sandbox_api: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[MakeRig]:
    """Starts a platform by a `Plan`; all are stopped at the end of the file."""
    with ExitStack() as stack:

        def make(plan: Plan | None = None) -> Rig:
            folder = tmp_path_factory.mktemp(request.path.stem)
            box = stack.enter_context(rig(sandbox_api, folder, plan))
            _running.append(box)
            stack.callback(_running.remove, box)
            return box

        yield make
