"""Writing the audit log; rows are only ever added."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from config.request_id import request_id_of
from tenants.models import AuditEntry, Tenant
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
        tenant=tenant,
        action=action,
        target=target,
        address=client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", "")),
        request_id=request_id_of(request),
        before=before,
        after=after,
    )
