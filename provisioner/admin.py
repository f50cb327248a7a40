"""Operations for the operator: what is done, by whom, and why it is where it is. Only to read: stores have actions."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from provisioner import views
from provisioner.operations.models import FINISHED, Operation, Step
from stores.provisioning import provisioner

if TYPE_CHECKING:
    _Inline = admin.TabularInline[Step, Operation]
    _Admin = admin.ModelAdmin[Operation]
else:  # Django's own classes take no parameters when they run
    _Inline, _Admin = admin.TabularInline, admin.ModelAdmin


class StepInline(_Inline):
    """The steps with their counters, owners and errors."""

    model = Step
    extra = 0
    can_delete = False
    ordering = ("position",)
    fields = (
        "name",
        "state",
        "attempt",
        "claims",
        "owner",
        "heartbeat_at",
        "fence",
        "due_at",
        "started_at",
        "finished_at",
        "waiting_for",
        "error_reason",
        "error_message",
    )

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: steps belong to their pipeline."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: only guarded changes of state are made."""
        return False


class OperationList(ChangeList):
    """A page of operations; the queue is worked out once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Hand each row the places in the queue."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        places = views.places(self.result_list)
        for operation in self.result_list:
            operation.places = places


@admin.register(Operation)
class OperationAdmin(_Admin):
    """Newest first, with the step that each has come to and the reason why it is there."""

    list_display = ("created_at", "shop", "kind", "state", "step", "why", "started_at", "finished_at")
    list_filter = ("kind", "state", "error_reason")
    search_fields = ("id", "store__name", "request_id", "error_reason")
    date_hierarchy = "created_at"
    list_select_related = ("store__tenant",)
    list_per_page = 50
    inlines: ClassVar = (StepInline,)
    fieldsets = (
        (None, {"fields": ("id", "shop", "kind", "state", "why", "generation", "request_id")}),
        ("Times", {"fields": ("created_at", "started_at", "finished_at", "message_due_at")}),
        ("Trouble", {"fields": ("error_reason", "error_message", "blocker")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """With the steps, which the list shows."""
        return super().get_queryset(request).prefetch_related("steps")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: operations are asked for by the actions on stores."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Operation | None = None) -> bool:
        """Never; a viewer sees all fields as text."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Operation | None = None) -> bool:
        """Never: they are the history."""
        return False

    @admin.display(description="Store", ordering="store__name")
    def shop(self, operation: Operation) -> SafeString:
        """The store, as a link to its page."""
        address = reverse("admin:stores_store_change", args=[operation.store_id])
        return format_html('<a href="{}">{}</a>', address, operation.store.name)

    @admin.display(description="Step")
    def step(self, operation: Operation) -> str:
        """The step that it has come to, and the number of the attempt."""
        present = next((step for step in operation.steps.all() if step.state not in FINISHED), None)
        return f"{present.name} ({present.state}, attempt {present.attempt + 1})" if present else "-"

    @admin.display(description="Why")
    def why(self, operation: Operation) -> str:
        """The sentence that the API gives too."""
        return views.operation_view(operation, getattr(operation, "places", None)).explanation or "-"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that knows the places in the queue."""
        return OperationList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, above it how full slots and queue are."""
        load = provisioner().load()
        title = (
            f"Operations: {load.slots_used} of {load.slots} slots in use, {load.queue_depth} in the queue"
            f"{f', the oldest for {load.queue_oldest_seconds:.0f} s' if load.queue_depth else ''}"
        )
        return super().changelist_view(request, {**(extra_context or {}), "title": title})
