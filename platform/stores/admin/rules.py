"""Rules of what is ignored: those of the whole platform are made here, those of a store are only shown."""

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import F, Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from stores import ignoring
from stores.admin.marks import store_link
from stores.models import DriftRule
from tenants.admin.audited import Audited
from tenants.models import User

if TYPE_CHECKING:
    _Form = forms.ModelForm[DriftRule]
    _Admin = admin.ModelAdmin[DriftRule]
else:  # Django's own classes take no parameter when they run
    _Form, _Admin = forms.ModelForm, admin.ModelAdmin


class RuleForm(_Form):
    """A rule that holds for all stores."""

    class Meta:
        model = DriftRule
        fields = (*ignoring.FIELDS, "reason")
        widgets: ClassVar = {field: forms.TextInput(attrs={"class": "vTextField"}) for field in fields}

    def clean(self) -> dict[str, Any]:
        """The rules of `stores.ignoring`, and no two that are equal."""
        values: dict[str, Any] = super().clean() or {}
        key = {field: values[field] for field in ignoring.FIELDS if field in values}
        for field, problem in ignoring.problems_with(key).items():
            if not self.has_error(field):
                self.add_error(field, problem)
        equal = DriftRule.objects.filter(store__isnull=True, **key).exclude(pk=self.instance.pk)
        if not self.errors and equal.exists():
            self.add_error(None, "There is such a rule already.")
        return values


@admin.register(DriftRule)
class DriftRuleAdmin(Audited, _Admin):
    """The platform's rules, which a superuser makes, changes and removes; and those of all stores, to read."""

    form = RuleForm
    list_display = ("__str__", "holds_for", "reason", "created_by", "created_at")
    list_filter = (("store", admin.EmptyFieldListFilter), "kind")
    search_fields = ("store__name", *ignoring.FIELDS, "reason")
    list_select_related = ("store", "created_by")
    list_per_page = 50
    ordering = (F("store__name").asc(nulls_first=True), "pk")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """None on many at once: Django's own would take rules of stores along."""
        return {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        """What holds for all tenants is no tenant's affair."""
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: DriftRule | None = None) -> bool:
        """The same; a store's own rules are changed through the API."""
        return _is_superuser(request) and (obj is None or obj.store_id is None)

    def has_delete_permission(self, request: HttpRequest, obj: DriftRule | None = None) -> bool:
        """The same."""
        return self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """With the name of who made it."""
        if not change and isinstance(obj, DriftRule):
            obj.created_by = cast(User, request.user)
        super().save_model(request, obj, form, change)

    @admin.display(description="Holds for", ordering="store__name")
    def holds_for(self, rule: DriftRule) -> SafeString | str:
        """One store or all."""
        return "all stores" if rule.store is None else store_link(rule.store)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
