"""Whose page a browser's request comes from, where no CSRF token could tell."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host


def is_ours(origin: str) -> bool:
    """Whether the host of an `Origin` is one that the platform answers to. `null`, of a page without one, isn't."""
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    host = urlsplit(origin).hostname
    if host is None:
        return False
    host = f"[{host}]" if ":" in host else host
    return validate_host(host, settings.ALLOWED_HOSTS)
