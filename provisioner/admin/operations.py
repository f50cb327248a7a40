"""Operations for the operator: what is done, by whom, and why it is where it is. Only to read: stores have actions."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from provisioner import views
from provisioner.operations.models import FINISHED, Operation, Step, StepState
from stores.admin import StoreAdmin
from stores.admin.filters import StoresTenantFilter
from stores.admin.marks import age, at, badge, request_links, store_link
from stores.admin.read_only import NewestInline, ReadOnlyAdmin, ReadOnlyInline
from stores.provisioning import provisioner


class StepInline(ReadOnlyInline):
    """The steps with their counters, owners and errors."""

    model = Step
    ordering = ("position",)
    fields = (
        "name",
        "condition",
        "trouble",
        "attempt",
        "claims",
        "held_by",
        "heartbeat",
        "fence",
        "due",
        "started",
        "finished",
    )

    @admin.display(description="State")
    def condition(self, step: Step) -> SafeString:
        """The state in its colour."""
        return badge("state", step.state)

    @admin.display(description="Waits for, or failed with")
    def trouble(self, step: Step) -> str:
        """What it waits for, and the error that it had last."""
        error = f"{step.error_reason}: {step.error_message}" if step.error_reason else ""
        return " ".join(filter(None, (step.waiting_for, error))) or "-"

    @admin.display(description="Heartbeat")
    def heartbeat(self, step: Step) -> SafeString | str:
        """When the owner last said that it is alive."""
        return at(step.heartbeat_at)

    @admin.display(description="Due")
    def due(self, step: Step) -> SafeString | str:
        """When it is looked at or tried again."""
        return at(step.due_at)

    @admin.display(description="Started")
    def started(self, step: Step) -> SafeString | str:
        """Its first start."""
        return at(step.started_at)

    @admin.display(description="Finished")
    def finished(self, step: Step) -> SafeString | str:
        """Its end."""
        return at(step.finished_at)

    @admin.display(description="Owner")
    def held_by(self, step: Step) -> SafeString | str:
        """The process that has it."""
        return format_html('<span class="sp-id">{}</span>', step.owner) if step.owner else "-"


class OperationInline(NewestInline):
    """The newest operations of a store, on its page."""

    model = Operation
    newest_first = "-created_at"
    ordering = ("-created_at",)
    verbose_name_plural = "newest operations"
    fields = ("asked_for", "condition", "created_at", "started_at", "finished_at", "error_message", "request")

    @admin.display(description="Operation")
    def asked_for(self, operation: Operation) -> SafeString:
        """What was asked for, as a link to all about it."""
        address = reverse("admin:provisioner_operation_change", args=[operation.pk])
        return format_html('<a href="{}">{}</a>', address, operation.get_kind_display())

    @admin.display(description="State")
    def condition(self, operation: Operation) -> SafeString:
        """The state in its colour."""
        return badge("state", operation.state)

    @admin.display(description="Request")
    def request(self, operation: Operation) -> SafeString | str:
        """The request behind it."""
        return request_links(operation.request_id)


# `stores` doesn't know of operations, so they put themselves on its page, before the events.
StoreAdmin.inlines.insert(1, OperationInline)


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
class OperationAdmin(ReadOnlyAdmin):
    """Newest first, with the step that each has come to and the reason why it is there."""

    list_display = ("created_at", "shop", "kind", "condition", "why", "step", "took", "request")
    list_filter = ("state", "kind", "error_reason", StoresTenantFilter, "store__engine")
    search_fields = ("id", "store__name", "request_id", "error_reason")
    search_help_text = "Name of a store, id of an operation or a request, or a reason."
    date_hierarchy = "created_at"
    list_select_related = ("store__tenant",)
    list_per_page = 50
    inlines: ClassVar = (StepInline,)
    fieldsets = (
        (None, {"fields": (("shop", "kind", "condition", "generation"), "why", ("error_reason", "blocker"))}),
        ("Origin", {"fields": (("id", "request"),)}),
        ("Times", {"fields": (("created_at", "started_at", "finished_at", "message_due_at"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operation]:
        """With the steps, which the list shows."""
        return super().get_queryset(request).prefetch_related("steps")

    @admin.display(description="Store", ordering="store__name")
    def shop(self, operation: Operation) -> SafeString:
        """The store, as a link to its page."""
        return store_link(operation.store)

    @admin.display(description="State", ordering="state")
    def condition(self, operation: Operation) -> SafeString:
        """The state in its colour."""
        return badge("state", operation.state)

    @admin.display(description="Request", ordering="request_id")
    def request(self, operation: Operation) -> SafeString | str:
        """The request behind it."""
        return request_links(operation.request_id)

    @admin.display(description="Took", ordering="finished_at")
    def took(self, operation: Operation) -> str:
        """From its start to its end, or to now."""
        if operation.started_at is None:
            return "-"
        return age((operation.finished_at or timezone.now()) - operation.started_at)

    @admin.display(description="Step")
    def step(self, operation: Operation) -> str:
        """The step that it has come to, and the number of the attempt."""
        present = next((step for step in operation.steps.all() if step.state not in FINISHED), None)
        if present is None:
            return "-"
        attempt = present.attempt + (present.state not in (StepState.FAILED, StepState.CANCELLED))
        return f"{present.name} ({present.state}, attempt {attempt})"

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
