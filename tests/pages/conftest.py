"""The platform with a day's work in it, behind a web server, and a browser that looks at it."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from tenants.models import User
from tests.e2e.browser import FLAGS, chromium_program
from tests.pages import world
from tests.pages.eyes import Eyes
from tests.pages.server import serving

_USUAL = (
    r"answered 503: GET \S+/health$",
    r"^console error .* status of 503",
    r"^failed: GET http://localhost:\d+/: net::ERR_ABORTED$",
)
"""What the dashboard's browser notices and nobody trips over: no cluster answers the health page here, and signing in
looks at the login's redirect without following it."""


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address of a web server over the test's database, whose content policy is the platform's own."""
    root, tenant = world.people()
    world.fill(root, tenant)
    server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture
def pictures() -> Path:
    """Where pictures go: the folder that STOREPLANE_PICTURES names, or one in the build folder."""
    folder = Path(os.environ.get("STOREPLANE_PICTURES") or settings.ROOT / ".build" / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def eyes(site: str, pictures: Path) -> Iterator[Eyes]:
    """A browser on that site. Whatever it noticed fails the test, after the test's own claims."""
    with _browsing(site, pictures) as seen:
        yield seen


@pytest.fixture
def dashboard_eyes(transactional_db: None, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Eyes]:
    """A browser on a platform that serves the built dashboard, with its WebSocket."""
    folder = Path(os.environ.get("STOREPLANE_DASHBOARD_BUILD") or settings.ROOT / ".build" / "dashboard")
    if not (folder / "index.html").is_file():
        pytest.skip(f"There is no built dashboard in {folder}; `python frontend/build.py` makes one.")
    root, tenant = world.people()
    world.fill(root, tenant)
    User.objects.create_user("grace", first_name="Grace", last_name="Hopper")
    # A thread of the web server that kept its connection would keep the test's database from being dropped.
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    with (
        override_settings(STOREPLANE_DASHBOARD_DIR=folder, WHITENOISE_ROOT=folder),
        serving() as address,
        _browsing(address, pictures, usual=_USUAL) as seen,
    ):
        yield seen


@contextmanager
def _browsing(home: str, pictures: Path, usual: Sequence[str] = ()) -> Iterator[Eyes]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        seen = Eyes(page, home, pictures, thorough="STOREPLANE_PICTURES" in os.environ)
        yield seen
        browser.close()
    assert [each for each in seen.trouble if not any(re.search(pattern, each) for pattern in usual)] == []
