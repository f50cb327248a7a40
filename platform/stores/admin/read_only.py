"""Pages and inlines that only show."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

if TYPE_CHECKING:
    _Inline = admin.TabularInline[Any, Any]
    _Admin = admin.ModelAdmin[Any]
else:  # Django's own classes take no parameters when they run
    _Inline, _Admin = admin.TabularInline, admin.ModelAdmin


class ReadOnlyAdmin(_Admin):
    """Rows that nobody adds, changes or removes by hand; a viewer sees all fields as text."""

    change_form_template = "config/admin/read_only.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class ReadOnlyInline(_Inline):
    """Rows below the page that they belong to."""

    extra = 0
    can_delete = False
    show_change_link = False
    template = "config/admin/rows.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """All of them: no form is made for what nobody changes."""
        return self.fields

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


class NewestInline(ReadOnlyInline):
    """The newest rows of the page's object; it has to have one foreign key, named `parent`."""

    parent = "store"
    max_shown = 20
    newest_first = "-pk"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """A slice can't be filtered by the formset, so the keys are picked first."""
        place = request.resolver_match
        parent = str(place.kwargs.get("object_id", 0)) if place else "0"
        rows = super().get_queryset(request)
        newest = rows.filter(**{self.parent: parent}).order_by(self.newest_first).values_list("pk", flat=True)
        return rows.filter(pk__in=list(newest[: self.max_shown]))
