"""Wishes by kubectl in the audit. Who it was, only the API server knows: its own audit log tells."""

from collections.abc import Mapping
from typing import Any

from stores.choices import Origin
from stores.models import Store
from tenants import audit
from tenants.models import AuditEntry


def note(
    action: str,
    store: Store,
    request_id: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Note a granted wish; call it in the transaction of the change itself."""
    return audit.note(
        "kubectl",
        Origin.KUBECTL,
        action,
        store.name,
        tenant=store.tenant,
        request_id=request_id,
        before=before,
        after=after,
    )
