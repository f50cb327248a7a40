"""What the operator's lists can be narrowed by, besides Django's own filters."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest

from stores.models import Store


class TenantFilter(admin.SimpleListFilter):
    """A tenant by its slug, typed: a list of thousands would be no help."""

    title = "tenant"
    parameter_name = "tenant"
    template = "config/admin/typed_filter.html"
    field = "tenant__slug"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """One that isn't empty, so that the filter is shown."""
        return (("", ""),)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Rows of that tenant."""
        slug = (self.value() or "").strip()
        return queryset.filter(**{self.field: slug}) if slug else queryset

    def choices(self, changelist: ChangeList) -> Iterator[Mapping[str, Any]]:  # type: ignore[override]
        """For the form: all other parameters of the list, which go along."""
        others = [(key, value) for key, value in changelist.get_filters_params().items() if key != self.parameter_name]
        flat = [(key, each) for key, values in others for each in (values if isinstance(values, list) else [values])]
        if changelist.query:
            flat.append(("q", changelist.query))
        clear = changelist.get_query_string(remove=[self.parameter_name])
        yield {"name": self.parameter_name, "value": self.value() or "", "others": flat, "clear": clear}


class StoresTenantFilter(TenantFilter):
    """The tenant of the row's store."""

    field = "store__tenant__slug"


class LifeFilter(admin.SimpleListFilter):
    """Living stores unless others are asked for: tombstones would bury them."""

    title = "life"
    parameter_name = "life"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Besides the living."""
        return (("gone", "Gone"), ("all", "All"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Store]) -> QuerySet[Store]:
        """By whether the store has left the cluster."""
        if self.value() == "all":
            return queryset
        return queryset.filter(deleted_at__isnull=self.value() != "gone")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Django calls the choice of no filter "All"."""
        for choice in super().choices(changelist):
            is_default = choice["query_string"] == changelist.get_query_string(remove=[self.parameter_name])
            yield {**choice, "display": "Living"} if is_default else choice
