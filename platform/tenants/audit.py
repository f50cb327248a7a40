"""Writing the audit log; rows are only ever added."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from config.request_id import request_id_of
from tenants.authentication import how
from tenants.models import ApiToken, AuditEntry, Tenant
from tenants.peers import client_address


def record(
    request: Request | HttpRequest,
    action: str,
    target: str,
    *,
    tenant: Tenant | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Note who did what and from where; call it in the transaction of the change itself. Never give it a secret."""
    meta = request.META
    return AuditEntry.objects.create(
        actor=request.user.get_username() or "anonymous",
        via=_via(request),
        tenant=tenant,
        action=action,
        target=target[: AuditEntry._meta.get_field("target").max_length],
        address=client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", "")),
        request_id=request_id_of(request),
        before=before,
        after=after,
    )


def note(
    actor: str,
    via: str,
    action: str,
    target: str,
    *,
    tenant: Tenant | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """The same for what nobody asked for over HTTP: a wish by kubectl, a command."""
    return AuditEntry.objects.create(
        actor=actor, via=via, tenant=tenant, action=action, target=target, before=before, after=after
    )


def _via(request: Request | HttpRequest) -> str:
    if not isinstance(request, Request):
        return "admin"
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.prefix}"
    return how(request)
