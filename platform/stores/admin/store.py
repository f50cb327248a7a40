"""Stores for the operator: the list, the page of one, and actions on many."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from config.request_id import request_id_of
from stores import actions, services
from stores.admin import acting
from stores.admin.filters import LifeFilter, TenantFilter
from stores.admin.inlines import ConditionInline, EventInline, RuleInline
from stores.admin.marks import phase_badge, shop_link, since
from stores.admin.pages import StorePages
from stores.choices import Origin
from stores.errors import Refused
from stores.models import Store
from stores.provisioning import WorkView, provisioner
from tenants import audit


class StoreList(ChangeList):
    """A page of stores; what is being done to them is asked for once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        """Hand each row its work."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        work = provisioner().work(self.result_list) if self.result_list else {}
        for store in self.result_list:
            store.work = work.get(store.pk, WorkView())


@admin.register(Store)
class StoreAdmin(StorePages):
    """Lists stores with their phase; nothing is changed but through the services."""

    list_display = ("name", "badge", "waits_for", "tenant", "engine", "plan", "age", "shop")
    list_filter = ("phase", LifeFilter, TenantFilter, "engine", "plan", "drift_policy", "suspended")
    search_fields = ("name", "display_name", "tenant__slug")
    search_help_text = "Name, display name or tenant."
    date_hierarchy = "created_at"
    list_select_related = ("tenant",)
    list_per_page = 50
    ordering = ("-created_at", "-pk")
    actions = ("retry_selected", "reconcile_selected", "suspend_selected", "resume_selected", "delete_through_teardown")
    # Whoever does the work puts its operations between the two (`provisioner.admin`).
    inlines: ClassVar = [ConditionInline, RuleInline, EventInline]
    fieldsets = (
        (
            "Asked for",
            {
                "fields": (
                    ("name", "display_name", "tenant", "created_by"),
                    ("engine", "plan", "volume", "shop"),
                    ("drift_policy", "deletion_protection", "suspended"),
                    ("generation", "observed_generation"),
                )
            },
        ),
        ("Times", {"fields": (("created_at", "ready_at", "updated_at"), ("deletion_requested_at", "deleted_at"))}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """Django's form only shows; the right to change is the right to our own pages and actions."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Store | None = None) -> bool:
        """A row is never deleted: the action removes the store and keeps the row as a tombstone."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may run the actions: those with Django's permission to change stores."""
        return request.user.has_perm(acting.PERMISSION)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list that knows what is being done."""
        return StoreList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list under its own name."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Stores"})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The page of one store, with its buttons."""
        store = self.get_object(request, object_id)
        context = {**(extra_context or {}), **(self._overview(request, store) if store else {})}
        return super().change_view(request, object_id, form_url, context)

    def _overview(self, request: HttpRequest, store: Store) -> dict[str, Any]:
        work = provisioner().work([store]).get(store.pk, WorkView())
        operation = work.operation
        return {
            "title": store.label,
            "subtitle": None,
            "store": store,
            "badge": phase_badge(store),
            "shop": shop_link(store),
            "work": work,
            "work_url": reverse("admin:provisioner_operation_change", args=[operation.id]) if operation else "",
            "buttons": acting.buttons(request, store),
            "change_obstacle": acting.obstacle(request, store, actions.CHANGE),
        }

    @admin.display(description="Phase", ordering="phase")
    def badge(self, store: Store) -> SafeString:
        """The phase in its colour."""
        return phase_badge(store)

    @admin.display(description="Age", ordering="-created_at")
    def age(self, store: Store) -> SafeString | str:
        """Since it was asked for."""
        return since(store.created_at)

    @admin.display(description="Volume")
    def volume(self, store: Store) -> str:
        """The size of the database's volume, as the plan at the birth said."""
        return store.volume_size or "-"

    @admin.display(description="Shop")
    def shop(self, store: Store) -> SafeString:
        """The shop's address."""
        return shop_link(store)

    @admin.display(description="What it waits for")
    def waits_for(self, store: Store) -> str:
        """Why its latest operation is where it is; nothing for a store at rest."""
        work: WorkView = getattr(store, "work", WorkView())
        return (work.operation.explanation if work.operation else "") or "-"

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
                    service(store, request_id=request_id_of(request), origin=Origin.ADMIN)
                    audit.record(request, name, store.name, tenant=store.tenant)
                done += 1
            except Refused as refusal:
                self.message_user(request, refusal.message, messages.WARNING)
        if done:
            self.message_user(request, f"Asked for: {done} of the selected stores.", messages.SUCCESS)
