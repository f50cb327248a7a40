"""What a store may be called.

A name becomes a host name and part of a namespace's name, so it is a DNS label (RFC 1123), 3 to 40 characters
long. A name that starts with a letter is also a valid RFC 1035 label, which some Services still demand.
"""

import re
import unicodedata
from urllib.parse import urlsplit
from zlib import crc32

from django.conf import settings
from django.db import connection

MIN_LENGTH = 3
MAX_LENGTH = 40
PATTERN = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")

_NO_TEXT = ("Cc", "Cs", "Zl", "Zp")
"""Unicode's categories of control characters, halves of characters, and ends of lines and paragraphs."""

RESERVED = frozenset(
    {
        "admin",
        "api",
        "api-auth",
        "app",
        "assets",
        "auth",
        "dashboard",
        "default",
        "docs",
        "health",
        "kube-node-lease",
        "kube-public",
        "kube-system",
        "localhost",
        "mail",
        "me",
        "metrics",
        "new",
        "operations",
        "schema",
        "static",
        "status",
        "store",
        "storeplane",
        "stores",
        "system",
        "tenants",
        "ui",
        "ws",
        "www",
    }
)


def problem_with(name: str) -> str | None:
    """One sentence that says what is wrong with `name` and what to do, or None when it may be used."""
    if not MIN_LENGTH <= len(name) <= MAX_LENGTH:
        return f"The name '{name[:60]}' has {len(name)} characters; use {MIN_LENGTH} to {MAX_LENGTH}."
    if not PATTERN.fullmatch(name):
        return (
            f"The name '{name}' is not a DNS label; use lower-case letters, digits and hyphens, "
            "start with a letter and end with a letter or a digit."
        )
    if name.startswith("xn--"):
        return f"The name '{name}' begins as an internationalised domain name does; choose another."
    if name in RESERVED or _is_host_of_ours(name):
        return f"The name '{name}' is reserved; choose another."
    return None


def problem_with_display_name(name: str) -> str | None:
    """The same for what people call a store: a line of text, which goes into manifests, pages, logs and terminals."""
    if any(unicodedata.category(sign) in _NO_TEXT for sign in name):
        return "A display name is one line of text: leave out line ends and control characters."
    return None


def _is_host_of_ours(name: str) -> bool:
    """Whether the shop would be at one of the platform's own hosts: it would be sent the operators' cookies."""
    host = f"{name}.{settings.STOREPLANE_DOMAIN}".lower()
    ours = (*settings.ALLOWED_HOSTS, *(urlsplit(origin).hostname or "" for origin in settings.CSRF_TRUSTED_ORIGINS))
    return host in {each.lower() for each in ours}


def taken(name: str) -> str:
    """The sentence for a name that a store has; it tells nothing of the store."""
    return f"The name '{name}' is taken; choose another."


def hold(name: str) -> None:
    """Until the transaction's end nobody else may make a store of that name, or remove what a store of it has left."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [crc32(f"storeplane:name:{name}".encode())])
