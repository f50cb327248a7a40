"""The dashboard's one page, at `/` and `/ui/*`; its hashed assets are served by whitenoise."""

import secrets
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from config.content_policy import HEADER, content_policy

NONCE = b"STYLE-NONCE"
"""Stands in the built page where the answer's nonce belongs."""


@require_safe
@never_cache
@ensure_csrf_cookie
def dashboard(request: HttpRequest, path: str = "") -> HttpResponse:
    """The built page for every address of the dashboard, or one that says how to build it."""
    folder: Path = settings.STOREPLANE_DASHBOARD_DIR
    try:
        page = (folder / "index.html").read_bytes()
    except FileNotFoundError:
        return render(request, "config/no_dashboard.html", {"folder": folder})
    nonce = secrets.token_urlsafe(16)
    return HttpResponse(page.replace(NONCE, nonce.encode()), headers={HEADER: content_policy(nonce)})
