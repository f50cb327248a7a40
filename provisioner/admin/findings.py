"""What has drifted, for the operator. Only to read: the sweep and the healing write it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from provisioner.drift.models import Finding, Verdict
from provisioner.drift.telling import difference_view
from stores.admin import StoreAdmin
from stores.admin.filters import StoresTenantFilter
from stores.admin.inlines import RuleInline
from stores.admin.marks import badge, store_link
from stores.admin.read_only import NewestInline, ReadOnlyAdmin

_OPEN_FIRST = F("healed_at").desc(nulls_first=True)


class Told:
    """Columns that the list and the page of a store have in common."""

    @admin.display(description="Object", ordering="kind")
    def object(self, finding: Finding) -> str:
        """Kind and name."""
        return f"{finding.kind} {finding.name}"

    @admin.display(description="Verdict", ordering="verdict")
    def judged(self, finding: Finding) -> SafeString:
        """Missing, changed or foreign."""
        return badge("verdict", finding.verdict, Verdict(finding.verdict).label)

    @admin.display(description="Differences")
    def differences_told(self, finding: Finding) -> SafeString | str:
        """A line for each field; for what has none, the sentence."""
        lines = [(difference_view(each).text,) for each in finding.differences]
        return format_html_join("", '<div class="sp-id">{}</div>', lines) or finding.message or "-"

    @admin.display(description="Healed", ordering="healed_at")
    def healed(self, finding: Finding) -> SafeString | str:
        """When, and by which operation."""
        if finding.healed_at is None:
            return "-"
        moment = f"{finding.healed_at:%Y-%m-%d %H:%M:%S}"
        if finding.healed_by_id is None:
            return moment
        address = reverse("admin:provisioner_operation_change", args=[finding.healed_by_id])
        return format_html('<a href="{}">{}</a>', address, moment)


class FindingInline(Told, NewestInline):
    """What has drifted in a store, on its page: what is open, then what was healed last."""

    model = Finding
    fk_name = "store"
    newest_first = _OPEN_FIRST  # type: ignore[assignment]
    ordering = (_OPEN_FIRST, "-detected_at")
    verbose_name_plural = "drift"
    fields = ("object", "judged", "differences_told", "detected_at", "healed")


# `stores` doesn't know of findings, so they put themselves on its page, before the rules of what is ignored.
StoreAdmin.inlines.insert(StoreAdmin.inlines.index(RuleInline), FindingInline)


class HealedFilter(admin.SimpleListFilter):
    """Open findings unless others are asked for."""

    title = "end"
    parameter_name = "end"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        """Besides the open ones."""
        return (("healed", "Healed"), ("all", "All"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Finding]) -> QuerySet[Finding]:
        """By whether it has ended."""
        if self.value() == "all":
            return queryset
        return queryset.filter(healed_at__isnull=self.value() != "healed")

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Django calls the choice of no filter "All"."""
        for choice in super().choices(changelist):
            is_default = choice["query_string"] == changelist.get_query_string(remove=[self.parameter_name])
            yield {**choice, "display": "Open"} if is_default else choice


@admin.register(Finding)
class FindingAdmin(Told, ReadOnlyAdmin):
    """All that is open in all stores, newest first."""

    list_display = ("detected_at", "shop", "object", "judged", "differences_told", "healed")
    list_filter = (HealedFilter, "verdict", "kind", StoresTenantFilter)
    search_fields = ("store__name", "name", "message")
    search_help_text = "Name of a store or of an object."
    list_select_related = ("store",)
    list_per_page = 50
    ordering = ("-detected_at", "-pk")
    fieldsets = (
        (None, {"fields": (("shop", "object", "namespace", "judged"), "message", "differences_told")}),
        ("Times", {"fields": (("detected_at", "healed"),)}),
    )

    @admin.display(description="Store", ordering="store__name")
    def shop(self, finding: Finding) -> SafeString:
        """The store, as a link to its page."""
        return store_link(finding.store)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list under the name that people look for."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Drift"})
