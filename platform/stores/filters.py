"""What lists can be narrowed by."""

from django.db.models import Q
from django_filters import rest_framework as filters

from stores.choices import EventType, Phase
from stores.engines import ENGINE_CHOICES
from stores.models import Store, StoreEvent, StoreQuerySet


class StoreFilter(filters.FilterSet):  # type: ignore[misc]
    """`phase` and `engine` may be repeated; `search` looks into name and display name."""

    phase = filters.MultipleChoiceFilter(choices=Phase.choices, help_text="May be repeated.")
    engine = filters.MultipleChoiceFilter(choices=ENGINE_CHOICES, help_text="May be repeated.")
    tenant = filters.CharFilter(
        field_name="tenant__slug", label="Tenant", max_length=63, help_text="The slug of one of your tenants."
    )
    search = filters.CharFilter(
        method="search_text", label="Search", max_length=200, help_text="A part of the name or the display name."
    )

    class Meta:
        model = Store
        fields = ("phase", "engine", "tenant", "search")

    def search_text(self, queryset: StoreQuerySet, _name: str, value: str) -> StoreQuerySet:
        """Substring, whatever the case."""
        return queryset.filter(Q(name__icontains=value) | Q(display_name__icontains=value))


class EventFilter(filters.FilterSet):  # type: ignore[misc]
    """`type` may be repeated."""

    type = filters.MultipleChoiceFilter(choices=EventType.choices, help_text="May be repeated.")

    class Meta:
        model = StoreEvent
        fields = ("type",)
