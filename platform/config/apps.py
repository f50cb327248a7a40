"""The platform as a Django application: what it refuses to start with."""

import os
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from config.metrics.folder import VARIABLE
from config.networks import InvalidNetwork, parse_networks

TAG = "storeplane"
_LAST_PORT = 65535


class StoreplaneConfig(AppConfig):
    """Registers the checks; `manage.py` runs them before each command, `config.asgi` before it serves."""

    name = "config"
    verbose_name = "Storeplane"

    def ready(self) -> None:
        """Importing registers how callers say who they are, for the OpenAPI document."""
        from config.metrics import server
        from config.openapi import schemes  # noqa: F401

        server.connect()
        checks.register(check_settings, TAG)


class RefusedToStart(Exception):
    """The settings would make an unsafe or broken platform; the message says which and what to do."""


def refuse_unsafe_settings() -> None:
    """Raise RefusedToStart when a check of ours fails; for servers, which run no system checks of their own."""
    errors = [error for error in check_settings() if error.level >= checks.ERROR]
    if errors:
        raise RefusedToStart(" ".join(f"{error.msg} {error.hint or ''}".strip() for error in errors))


def check_settings(**_kwargs: Any) -> list[checks.CheckMessage]:
    """Settings that can't be served with."""
    return [*_check_secret_key(), *_check_proxies(), *_check_forwarded(), *_check_engine(), *_check_metrics()]


def _check_secret_key() -> list[checks.CheckMessage]:
    try:
        _ = settings.SECRET_KEY
    except ImproperlyConfigured:
        return [
            checks.Error(
                "STOREPLANE_SECRET_KEY is empty.",
                hint="Set it to a long random string, the same for all processes.",
                id="storeplane.E001",
            )
        ]
    return []


def _check_proxies() -> list[checks.CheckMessage]:
    try:
        networks = parse_networks(settings.STOREPLANE_TRUSTED_PROXIES)
    except InvalidNetwork as error:
        return [
            checks.Error(
                f"STOREPLANE_TRUSTED_PROXIES holds '{error}', which is no network.",
                hint="List addresses or CIDR ranges, such as 127.0.0.1/32 or 10.0.0.0/8.",
                id="storeplane.E003",
            )
        ]
    if settings.STOREPLANE_TRUST_USER_HEADER and not networks:
        return [
            checks.Error(
                "STOREPLANE_TRUST_USER_HEADER is on and STOREPLANE_TRUSTED_PROXIES lists no proxy.",
                hint="List the proxies that set X-User-Id, or switch the header off.",
                id="storeplane.E002",
            )
        ]
    return []


def _check_forwarded() -> list[checks.CheckMessage]:
    """uvicorn rewrites the peer's address from X-Forwarded-For for peers it trusts; `*` would let anyone be a proxy."""
    if settings.STOREPLANE_TRUST_USER_HEADER and "*" in os.environ.get("FORWARDED_ALLOW_IPS", ""):
        return [
            checks.Error(
                "FORWARDED_ALLOW_IPS is '*' while STOREPLANE_TRUST_USER_HEADER is on: anyone could pose as the proxy.",
                hint="Remove it, and run uvicorn with --no-proxy-headers.",
                id="storeplane.E004",
            )
        ]
    return []


def _check_engine() -> list[checks.CheckMessage]:
    """Numbers with which the engine would take living workers for lost, or never start."""
    heartbeat, stale = settings.STOREPLANE_HEARTBEAT_SECONDS, settings.STOREPLANE_STALE_SECONDS
    errors: list[checks.CheckMessage] = []
    if not 0 < heartbeat <= stale / 4:
        errors.append(
            checks.Error(
                f"STOREPLANE_HEARTBEAT_SECONDS is {heartbeat:g} while STOREPLANE_STALE_SECONDS is {stale:g}: "
                "a worker that misses a beat or two would be taken for lost.",
                hint="Make the first at most a quarter of the second.",
                id="storeplane.E005",
            )
        )
    if settings.STOREPLANE_PROVISION_SLOTS < 1:
        errors.append(
            checks.Error(
                f"STOREPLANE_PROVISION_SLOTS is {settings.STOREPLANE_PROVISION_SLOTS}: no store would ever be made.",
                hint="Use 1 or more.",
                id="storeplane.E006",
            )
        )
    return errors


def _check_metrics() -> list[checks.CheckMessage]:
    """A worker counts in its children: without files its main process would serve zeros, which look like a fact."""
    port = settings.STOREPLANE_METRICS_PORT
    if not 0 <= port <= _LAST_PORT:
        return [checks.Error(f"STOREPLANE_METRICS_PORT is {port}.", hint="Use 1 to 65535, or 0.", id="storeplane.E007")]
    if port and not os.environ.get(VARIABLE):
        return [
            checks.Error(
                f"STOREPLANE_METRICS_PORT is {port} and {VARIABLE} is not set: what a worker's children count "
                "would be missing.",
                hint=f"Set {VARIABLE} to an empty folder of the container's own.",
                id="storeplane.E008",
            )
        ]
    return []
