"""People and tenants for the operator."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse

from tenants import audit, rights
from tenants.admin.audited import Audited
from tenants.models import Membership, Tenant, User

if TYPE_CHECKING:
    _Inline = admin.TabularInline[Membership, Any]
    _UserAdmin = UserAdmin[User]
    _TenantAdmin = admin.ModelAdmin[Tenant]
else:  # Django's own classes take no parameters when they run
    _Inline, _UserAdmin, _TenantAdmin = admin.TabularInline, UserAdmin, admin.ModelAdmin


class MembershipInline(_Inline):
    """Who is in it, with which role."""

    model = Membership
    extra = 0
    autocomplete_fields: ClassVar = ("user", "tenant")


@admin.register(User)
class PersonAdmin(Audited, _UserAdmin):
    """Django's own, with the id that an X-User-Id brought and the tenants."""

    list_display = ("username", "external_id", "email", "is_staff", "is_active", "last_login")
    search_fields = ("username", "external_id", "email", "first_name", "last_name")
    readonly_fields = ("external_id", "last_login", "date_joined")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("X-User-Id", {"fields": ("external_id",)}))
    inlines: ClassVar = (MembershipInline,)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's form saves past `save_model`: note it here, and have listeners by the old password sent away."""
        answer = super().user_change_password(request, id, form_url)
        user = self.get_object(request, unquote(id))
        if user is not None and request.method == "POST" and answer.status_code == HTTPStatus.FOUND:
            audit.record(request, "user.password", user.username)
            rights.changed([user.pk])
        return answer


@admin.register(Tenant)
class TenantAdmin(Audited, _TenantAdmin):
    """Tenants with their plan and how much of it is used."""

    list_display = ("slug", "name", "plan", "stores_used", "stores_allowed", "created_at")
    list_filter = ("plan",)
    search_fields = ("slug", "name")
    # Counting groups the rows, and with that their own order is gone.
    ordering = ("slug",)
    inlines: ClassVar = (MembershipInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: Tenant | None = None) -> tuple[str, ...]:
        """The slug stays: in the cluster it says whose a store is."""
        return ("created_at",) if obj is None else ("slug", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        """With the count that the list shows."""
        used = Count("stores", filter=Q(stores__deleted_at__isnull=True))
        return super().get_queryset(request).annotate(used=used)

    @admin.display(description="Stores", ordering="used")
    def stores_used(self, tenant: Tenant) -> int:
        """Stores that aren't gone."""
        return tenant.used  # type: ignore[attr-defined,no-any-return]

    @admin.display(description="Allowed")
    def stores_allowed(self, tenant: Tenant) -> int:
        """What the plan allows."""
        return tenant.plan_terms.stores_allowed

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        """Only a tenant that never had a store; the database would refuse any other."""
        return super().has_delete_permission(request, obj) and obj is not None and not obj.stores.exists()
