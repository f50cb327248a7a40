"""Everything that ever happened to any store, newest first."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from stores.admin.filters import TenantFilter
from stores.admin.marks import badge, request_links, store_link
from stores.admin.read_only import ReadOnlyAdmin
from stores.choices import Phase
from stores.models import Store, StoreEvent


@admin.register(StoreEvent)
class StoreEventAdmin(ReadOnlyAdmin):
    """The activity logs of all stores, or with `?store__id__exact=` of one."""

    list_display = ("timestamp", "shop", "type", "phase_then", "step", "message", "request")
    list_filter = ("type", "phase", TenantFilter)
    search_fields = ("store__name", "=request_id")
    search_help_text = "Name of a store, or the whole id of a request."
    date_hierarchy = "timestamp"
    list_select_related = ("store",)
    list_per_page = 50
    # Counting a log of millions for a line of text above the list isn't worth its time.
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("timestamp", "shop", "tenant", "type", "phase_then", "step", "message")}),
        ("Origin", {"fields": ("request", "published_at")}),
    )

    @admin.display(description="Store", ordering="store__name")
    def shop(self, event: StoreEvent) -> SafeString:
        """The store, as a link to its page."""
        return store_link(event.store)

    @admin.display(description="Phase", ordering="phase")
    def phase_then(self, event: StoreEvent) -> SafeString:
        """The phase that the store was in."""
        return badge("phase", event.phase, Phase(event.phase).label)

    @admin.display(description="Request", ordering="request_id")
    def request(self, event: StoreEvent) -> SafeString | str:
        """The request behind it."""
        return request_links(event.request_id)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Whose events these are is said above them."""
        asked = request.GET.get("store__id__exact", "")
        store = Store.objects.filter(pk=asked).first() if asked.isascii() and asked.isdigit() else None
        title = f"Events of {store.name}" if store else "Events"
        return super().changelist_view(request, {**(extra_context or {}), "title": title})
