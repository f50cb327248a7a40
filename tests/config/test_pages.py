"""Pages for people: the dashboard, the API's documentation, logging in."""

import re
from pathlib import Path

import pytest
from django.test import Client, override_settings

from config.assets import is_hashed


def test_without_a_built_dashboard_a_page_says_how_to_build_it() -> None:
    page = Client().get("/").content.decode()

    assert "hasn't been built yet" in page
    for link in ("/docs", "/admin/", "/stores"):
        assert f'href="{link}"' in page


def test_every_address_of_the_dashboard_is_its_one_page(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<p>the dashboard</p>")
    with override_settings(STOREPLANE_DASHBOARD_DIR=tmp_path):
        for path in ("/", "/ui", "/ui/stores/tea-shop"):
            answer = Client().get(path)
            assert answer.content == b"<p>the dashboard</p>"
            assert "no-cache" in answer["Cache-Control"]
            assert "csrftoken" in answer.cookies


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("/assets/index-BpX3kQ1c.js", True),
        ("/assets/index-B_X-kQ1c.css", True),
        ("/assets/logo.svg", False),
        ("/index.html", False),
        ("/static/admin/css/base.css", False),
        ("/static/admin/css/base.523eb49842a7.css", True),
    ],
)
def test_only_hashed_files_are_kept_for_ever(url: str, kept: bool) -> None:
    assert is_hashed("", url) is kept


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/api-auth/login/", "/admin/login/"])
def test_pages_load_nothing_from_elsewhere(path: str) -> None:
    page = Client().get(path).content.decode()

    loaded = re.findall(r"""<(?:script|link|img)[^>]*(?:src|href)=["']?(https?:)?//""", page)
    assert loaded == []
