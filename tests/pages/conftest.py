"""The platform with a day's work in it, behind a web server, and a browser that looks at it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.e2e.browser import FLAGS, chromium_program
from tests.pages import world
from tests.pages.eyes import Eyes


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    """The address of a web server over the test's database, whose answers carry a strict content policy."""
    root, tenant = world.people()
    world.fill(root, tenant)
    policy = [*settings.MIDDLEWARE, "tests.pages.policy.ContentPolicy"]
    with override_settings(MIDDLEWARE=policy):
        server = LiveServer("localhost")
    yield server.url
    server.stop()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where pictures go: the folder that STOREPLANE_PICTURES names, for people to look at, or one that pytest keeps."""
    folder = Path(os.environ.get("STOREPLANE_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def eyes(site: str, pictures: Path) -> Iterator[Eyes]:
    """A browser on that site. Whatever it noticed fails the test, after the test's own claims."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        seen = Eyes(page, site, pictures, thorough="STOREPLANE_PICTURES" in os.environ)
        yield seen
        browser.close()
    assert seen.trouble == []
