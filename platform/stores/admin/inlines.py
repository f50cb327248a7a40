"""What stands below a store."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from stores.admin.marks import badge, request_links
from stores.admin.read_only import NewestInline, ReadOnlyInline
from stores.choices import Phase
from stores.models import Condition, DriftRule, StoreEvent


class ConditionInline(ReadOnlyInline):
    """The store's conditions."""

    model = Condition
    fields = ("type", "is_so", "reason", "message", "last_transition_time", "observed_generation")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They are part of the store: whoever may open its page sees them."""
        return True

    @admin.display(description="Status")
    def is_so(self, condition: Condition) -> SafeString:
        """True, False or Unknown. What is good depends on the type, so the colour only tells them apart."""
        return badge("status", condition.status)


class RuleInline(ReadOnlyInline):
    """What is ignored in the store besides what the platform ignores; changed through the API."""

    model = DriftRule
    fields = ("kind", "name", "pointer", "manager", "reason", "created_by", "created_at")
    verbose_name_plural = "ignored differences"

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They are part of the store."""
        return True


class EventInline(NewestInline):
    """What happened to the store last; the page links to all of it."""

    model = StoreEvent
    fields = ("timestamp", "type", "phase_then", "step", "message", "request")
    ordering = ("-id",)
    verbose_name_plural = "newest events"

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may open the store's page sees what happened to it last."""
        return True

    @admin.display(description="Phase")
    def phase_then(self, event: StoreEvent) -> SafeString:
        """The phase that the store was in."""
        return badge("phase", event.phase, Phase(event.phase).label)

    @admin.display(description="Request")
    def request(self, event: StoreEvent) -> SafeString | str:
        """The request behind it."""
        return request_links(event.request_id)
