"""What is left of stores that are gone, for the operator: to look at, and to remove once it was confirmed."""

from typing import Any

import redis
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from provisioner.cluster import ClusterError, cluster
from provisioner.drift.orphans.models import Orphan
from provisioner.drift.orphans.removing import remove
from stores.admin.read_only import ReadOnlyAdmin
from stores.errors import Refused
from tenants import audit

MOST_AT_ONCE = 100
"""The page asks the cluster while the operator waits."""


@admin.register(Orphan)
class OrphanAdmin(ReadOnlyAdmin):
    """As the last sweep found them."""

    list_display = ("__str__", "why", "seen_first", "seen_last")
    list_filter = ("kind",)
    search_fields = ("name", "namespace")
    list_per_page = MOST_AT_ONCE
    list_max_show_all = MOST_AT_ONCE
    actions = ("remove_selected",)

    def has_remove_permission(self, request: HttpRequest) -> bool:
        """Who may remove: those with Django's permission to delete orphans."""
        return request.user.has_perm("provisioner.delete_orphan")

    @admin.action(description="Remove…", permissions=["remove"])
    def remove_selected(self, request: HttpRequest, chosen: QuerySet[Orphan]) -> HttpResponse | None:
        """Show what would go; when that was confirmed, have it deleted."""
        rows = list(chosen[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            self.message_user(request, f"Remove at most {MOST_AT_ONCE} at once.", messages.WARNING)
            return None
        if request.POST.get("confirmed") != "yes":
            return self._ask(request, rows)
        done = sum(self._remove(request, row) for row in rows)
        if done:
            self.message_user(request, f"Asked for: the removal of {done} of {len(rows)}.", messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, rows: list[Orphan]) -> HttpResponse:
        context: dict[str, Any] = {**self.admin_site.each_context(request), "opts": self.opts, "rows": rows}
        context["title"] = "Remove what is left?"
        return TemplateResponse(request, "admin/provisioner/orphan/remove.html", context)

    def _remove(self, request: HttpRequest, orphan: Orphan) -> bool:
        """Noted before it is done: what was removed must be in the audit, whatever happens to this process."""
        target, known = str(orphan), {"uid": orphan.uid, "why": orphan.why}
        try:
            if remove(cluster(), orphan, note=lambda: audit.record(request, "orphan.remove", target, before=known)):
                return True
            self.message_user(request, f"{target} was gone already, or is another one by now.", messages.INFO)
        except Refused as refusal:
            self.message_user(request, refusal.message, messages.WARNING)
        except (ClusterError, redis.RedisError) as error:
            self.message_user(request, f"{target} was not removed, as far as is known: {error}", messages.ERROR)
        return False
