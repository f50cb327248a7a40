"""Stores for the operator: everything can be read, and changed only through the same services as by the API."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from config.request_id import request_id_of
from stores import services
from stores.choices import Phase
from stores.errors import Refused
from stores.models import Condition, Store, StoreEvent
from stores.provisioning import WorkView, provisioner
from tenants import audit

if TYPE_CHECKING:
    _Inline = admin.TabularInline[Any, Store]
    _Admin = admin.ModelAdmin[Store]
else:  # Django's own classes take no parameters when they run
    _Inline, _Admin = admin.TabularInline, admin.ModelAdmin

_BADGE = '<span style="background:{};color:#fff;padding:2px 9px;border-radius:9px;white-space:nowrap">{}</span>'
_STEP_COLORS = {"succeeded": "#15803d", "running": "#2563eb", "waiting": "#b45309", "failed": "#b91c1c"}


class _ReadOnlyInline(_Inline):
    extra = 0
    can_delete = False
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: the status is only ever worked out."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class ConditionInline(_ReadOnlyInline):
    """The store's conditions."""

    model = Condition
    fields = ("type", "status", "reason", "message", "last_transition_time", "observed_generation")


class EventInline(_ReadOnlyInline):
    """What happened to the store, newest first."""

    model = StoreEvent
    fields = ("timestamp", "type", "phase", "step", "message", "request_id")
    ordering = ("-id",)
    max_shown = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The newest of this store; a slice can't be filtered by the formset, so the ids are picked first."""
        place = request.resolver_match
        store_id = str(place.kwargs.get("object_id", 0)) if place else "0"
        newest = StoreEvent.objects.filter(store_id=store_id).values_list("pk", flat=True)[: self.max_shown]
        return super().get_queryset(request).filter(pk__in=list(newest))


def _work(store: Store) -> WorkView:
    return provisioner().work([store]).get(store.pk, WorkView())


@admin.register(Store)
class StoreAdmin(_Admin):
    """Lists stores with their phase; actions go through the services."""

    list_display = ("name", "badge", "tenant", "engine", "plan", "message", "created_at")
    list_filter = ("phase", "engine", "plan", "drift_policy", ("deleted_at", admin.EmptyFieldListFilter))
    search_fields = ("name", "display_name", "tenant__slug")
    list_select_related = ("tenant",)
    ordering = ("-created_at",)
    actions = ("retry_selected", "reconcile_selected", "suspend_selected", "resume_selected", "delete_through_teardown")
    inlines: ClassVar = (ConditionInline, EventInline)
    fieldsets = (
        (None, {"fields": ("name", "display_name", "tenant", "engine", "plan", "link", "created_by")}),
        ("Status", {"fields": ("badge", "message", "why", "pipeline", "generation", "observed_generation")}),
        ("Policy", {"fields": ("drift_policy", "deletion_protection", "suspended")}),
        ("Times", {"fields": ("created_at", "ready_at", "updated_at", "deletion_requested_at", "deleted_at")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Stores are asked for through the API, where quota and names are checked."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """The form only shows; the right to change is the right to run the actions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """A row is never deleted: the action below removes the store and keeps the row as a tombstone."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may run the actions: those with Django's permission to change stores."""
        return request.user.has_perm("stores.change_store")

    @admin.display(description="Phase", ordering="phase")
    def badge(self, store: Store) -> SafeString:
        """The phase in its colour."""
        label = "Gone" if store.deleted_at else store.get_phase_display()
        return format_html(_BADGE, Phase(store.phase).color, label)

    @admin.display(description="Shop")
    def link(self, store: Store) -> SafeString:
        """The shop's address."""
        return format_html('<a href="{0}" target="_blank" rel="noopener">{0}</a>', store.url)

    @admin.display(description="Why it is where it is")
    def why(self, store: Store) -> SafeString | str:
        """The latest operation and its explanation, with a link to all about it."""
        operation = _work(store).operation
        if operation is None:
            return "-"
        address = reverse("admin:provisioner_operation_change", args=[operation.id])
        label = f"{operation.kind}, {operation.state}"
        return format_html('<a href="{}">{}</a> {}', address, label, operation.explanation)

    @admin.display(description="Pipeline")
    def pipeline(self, store: Store) -> SafeString | str:
        """The steps of the latest operation."""
        steps = _work(store).pipeline
        rows = (
            (_STEP_COLORS.get(s.state, "#64748b"), f"{s.label}: {s.state}", f"{s.waiting_for} {s.error}") for s in steps
        )
        return format_html_join("", f"<p>{_BADGE} {{}}</p>", rows) or "-"

    @admin.action(description="Retry", permissions=["act"])
    def retry_selected(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        """Try failed stores again."""
        self._each(request, stores, "store.retry", services.retry)

    @admin.action(description="Reconcile now", permissions=["act"])
    def reconcile_selected(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        """Compare stores with what was asked for, and put right what differs."""
        self._each(request, stores, "store.reconcile", services.reconcile)

    @admin.action(description="Suspend (stop all work but removal)", permissions=["act"])
    def suspend_selected(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        """Leave stores alone until they are resumed."""
        self._each(request, stores, "store.suspend", services.suspend)

    @admin.action(description="Resume", permissions=["act"])
    def resume_selected(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        """Go on with suspended stores."""
        self._each(request, stores, "store.resume", services.resume)

    @admin.action(description="Delete (tear down in the cluster)", permissions=["act"])
    def delete_through_teardown(self, request: HttpRequest, stores: QuerySet[Store]) -> None:
        """Ask for the stores' removal."""
        self._each(request, stores.not_gone(), "store.delete", services.request_teardown)  # type: ignore[attr-defined]

    def _each(self, request: HttpRequest, stores: QuerySet[Store], name: str, service: Any) -> None:
        done = 0
        for store in stores.select_related("tenant"):
            try:
                with transaction.atomic():
                    service(store, request_id=request_id_of(request))
                    audit.record(request, name, store.name, tenant=store.tenant)
                done += 1
            except Refused as refusal:
                self.message_user(request, refusal.message, messages.WARNING)
        if done:
            self.message_user(request, f"Asked for: {done} of the selected stores.", messages.SUCCESS)
