"""What each answer tells a browser to refuse."""

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from django.test import Client, override_settings
from pytest_django.live_server_helper import LiveServer

from config.content_policy import HEADER, content_policy
from tests.services import ROOT

STRICT = content_policy()
PAGES = ["/", "/ui/stores", "/docs", "/api-auth/login/", "/admin/login/", "/stores", "/engines", "/no-such-page"]
_COOKIES = """
import django; django.setup()
from django.conf import settings
print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_PATH,
      settings.SESSION_COOKIE_DOMAIN, settings.SECURE_HSTS_SECONDS)
"""


@pytest.mark.parametrize(
    "directive",
    ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"],
)
def test_nothing_is_allowed_but_files_of_our_own(directive: str) -> None:
    assert directive in STRICT.split("; ")
    assert "unsafe" not in STRICT


@pytest.mark.parametrize("path", PAGES)
def test_every_page_carries_the_policy_and_the_other_refusals(transactional_db: None, path: str) -> None:
    server = LiveServer("localhost")
    try:
        answer = httpx.get(server.url + path, headers={"Accept": "text/html"}, timeout=60)
    finally:
        server.stop()

    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.headers[HEADER] == STRICT
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Permissions-Policy"].startswith("camera=()")


@pytest.mark.parametrize("path", ["/static/config/page.css", "/health/live", "/schema"])
def test_files_and_documents_carry_it_too(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 200
    assert (answer[HEADER], answer["X-Content-Type-Options"]) == (STRICT, "nosniff")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.django_db
def test_no_page_has_a_script_or_a_style_of_its_own(path: str) -> None:
    page = Client().get(path, headers={"Accept": "text/html"}).content.decode()

    assert re.findall(r"<style|<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son\w+=", page) == []


def test_the_dashboards_page_has_a_nonce_for_styles_that_is_never_the_same(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<meta property="csp-nonce" nonce="STYLE-NONCE" />')
    with override_settings(STOREPLANE_DASHBOARD_DIR=tmp_path):
        answers = [Client().get("/ui") for _ in range(2)]

    first, second = (re.findall(r'nonce="([\w-]+)"', answer.content.decode()) for answer in answers)
    assert first != second
    for answer, (nonce,) in zip(answers, (first, second), strict=True):
        assert len(nonce) >= 22
        assert f"style-src 'self' 'nonce-{nonce}'" in answer[HEADER]
        assert answer[HEADER].count(nonce) == 1


@pytest.mark.parametrize(
    ("secure", "told"),
    [("true", "__Host-sessionid True / None 31536000"), ("false", "sessionid False / None 0")],
)
def test_a_session_belongs_to_this_host_alone_wherever_there_is_tls(secure: str, told: str) -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "STOREPLANE_SECURE": secure}
    done = subprocess.run(
        [sys.executable, "-c", _COOKIES], capture_output=True, text=True, check=True, cwd=ROOT, env=env, timeout=120
    )

    assert done.stdout.strip() == told
