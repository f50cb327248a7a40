"""The operator's actions on one store: which are possible, and doing them as the API does them, with an audit entry."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.db import transaction
from django.http import HttpRequest

from config.request_id import request_id_of
from stores import actions, services
from stores.actions import Action
from stores.errors import Conflict
from stores.models import Store
from tenants import audit
from tenants.models import User

PERMISSION = "stores.change_store"
_NOT_ALLOWED = "You need the permission to change stores."


@dataclass(frozen=True)
class Deed:
    """An action with a button: what the button says, what it does, and what carries it out."""

    action: Action
    label: str
    effect: str
    service: Callable[..., Any]

    @property
    def name(self) -> str:
        """As in the API's `allowed_actions`."""
        return self.action.name


DEEDS = {
    deed.name: deed
    for deed in (
        Deed(actions.RETRY, "Retry", "Starts again from the first step, counters at zero.", services.retry),
        Deed(actions.RECONCILE, "Reconcile now", "Puts back what is missing or changed.", services.reconcile),
        Deed(actions.SUSPEND, "Suspend", "Stops all work but a removal; the shop runs on.", services.suspend),
        Deed(actions.RESUME, "Resume", "Goes on with what is asked for by now.", services.resume),
        Deed(actions.DELETE, "Delete…", "Takes the shop and its data away, for good.", services.request_teardown),
    )
}


@dataclass(frozen=True)
class Button:
    """A deed as the page shows it; with an `obstacle` it can't be pressed."""

    deed: Deed
    obstacle: str | None


def buttons(request: HttpRequest, store: Store) -> list[Button]:
    """One for each deed."""
    return [Button(deed, obstacle(request, store, deed.action)) for deed in DEEDS.values()]


def obstacle(request: HttpRequest, store: Store, action: Action) -> str | None:
    """Why the caller can't do that to the store now, or None. An operator needs no role in the store's tenant."""
    if not request.user.has_perm(PERMISSION):
        return _NOT_ALLOWED
    return _obstacle(store, action)


def _obstacle(store: Store, action: Action) -> str | None:
    if store.deleted_at is not None:
        return f"The store '{store.name}' is gone; its row is kept for the audit."
    return action.obstacle(store)


def perform(request: HttpRequest, store: Store, deed: Deed) -> None:
    """Do it and note who did. Raises Refused when it can't be done."""
    with transaction.atomic():
        locked = Store.objects.select_for_update(of=("self",), no_key=True).select_related("tenant").get(pk=store.pk)
        reason = _obstacle(locked, deed.action)
        if reason is not None:
            raise Conflict(reason)
        deed.service(locked, request_id=request_id_of(request))
        audit.record(request, f"store.{deed.name}", locked.name, tenant=locked.tenant)


def add(request: HttpRequest, wish: dict[str, Any]) -> services.Created:
    """Ask for a store in a tenant's name. Raises Refused."""
    tenant = wish["tenant"]
    spec = {name: value for name, value in wish.items() if name != "tenant"}
    with transaction.atomic():
        created = services.create_store(
            tenant, services.StoreSpec(**spec), by=cast(User, request.user), request_id=request_id_of(request)
        )
        if created.new:
            audit.record(request, "store.create", created.store.name, tenant=tenant, after=spec)
    return created


def change(request: HttpRequest, store: Store, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Change the store's wishes. Raises Refused."""
    with transaction.atomic():
        services.change_store(store, after, request_id=request_id_of(request))
        audit.record(request, "store.change", store.name, tenant=store.tenant, before=before, after=after)
