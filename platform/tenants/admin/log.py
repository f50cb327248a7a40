"""The audit log for the operator."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from tenants.models import AuditEntry

if TYPE_CHECKING:
    _AuditAdmin = admin.ModelAdmin[AuditEntry]
else:  # Django's own class takes no parameter when it runs
    _AuditAdmin = admin.ModelAdmin


@admin.register(AuditEntry)
class AuditAdmin(_AuditAdmin):
    """For reading: nobody adds, changes or removes a line."""

    list_display = ("at", "actor", "via", "action", "target", "tenant", "address", "request_id")
    list_filter = ("action",)
    search_fields = ("actor", "target", "request_id")
    date_hierarchy = "at"
    list_select_related = ("tenant",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Never; a viewer sees all fields as text."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Never."""
        return False
