"""Callers and records for tests of the platform."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from django.db import connections
from rest_framework.test import APIClient

from stores.models import DriftRule, Store, StoreEvent
from tenants.models import ApiToken, AuditEntry, Membership, Role, Tenant, User

T = TypeVar("T")

WISH = {"name": "tea-shop", "engine": "medusa"}


def as_user(name: str) -> APIClient:
    """A client behind a proxy that vouches for the user."""
    client = APIClient(headers={"X-User-Id": name})
    client.default_format = "json"
    return client


def logged_in(user: User) -> APIClient:
    """A client with a session."""
    client = APIClient()
    client.default_format = "json"
    client.force_login(user)
    return client


def member(tenant: Tenant, role: Role, name: str) -> APIClient:
    """A client of a user whose only tenant is this one."""
    user = User.objects.create(username=name)
    Membership.objects.create(tenant=tenant, user=user, role=role)
    return logged_in(user)


def tenant(slug: str = "house") -> Tenant:
    """A tenant without members."""
    made, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": slug})
    return made


def traces() -> dict[str, Any]:
    """All that a refused request must leave as it was."""
    return {
        "stores": list(Store.objects.order_by("pk").values()),
        "events": StoreEvent.objects.count(),
        "audit": AuditEntry.objects.count(),
        "tenants": list(Tenant.objects.order_by("pk").values("pk", "name", "plan")),
        "memberships": list(Membership.objects.order_by("pk").values("pk", "user", "role")),
        "rules": list(DriftRule.objects.order_by("pk").values("pk", "store", "kind", "name", "pointer", "manager")),
        "tokens": list(ApiToken.objects.order_by("pk").values("pk", "role", "revoked_at")),
    }


def at_once(calls: int, call: Callable[[int], T]) -> list[T]:
    """What `call(0)` to `call(calls - 1)` return when they start at the same moment, each on a thread of its own."""
    barrier = Barrier(calls)

    def run(number: int) -> T:
        barrier.wait(30)
        try:
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(calls) as threads:
        return list(threads.map(run, range(calls)))
