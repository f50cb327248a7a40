"""Small pieces of the operator's pages: badges, ages, addresses. Their looks are in `config/admin.css`."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from stores.choices import Phase
from stores.models import Store

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60))


def badge(kind: str, value: str, label: str = "") -> SafeString:
    """A word in its colour; the stylesheet knows `kind` and `value`, such as phase and Ready."""
    return format_html('<span class="sp-badge sp-{}-{}">{}</span>', kind, slugify(value), label or value)


def phase_badge(store: Store) -> SafeString:
    """The store's phase; a tombstone is gone, whatever its last phase was."""
    if store.deleted_at is not None:
        return badge("phase", "gone", "Gone")
    return badge("phase", store.phase, Phase(store.phase).label)


def age(span: timedelta) -> str:
    """As kubectl tells it: the largest unit that fits, rounded down."""
    seconds = max(0, int(span.total_seconds()))
    for unit, size in _UNITS:
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def since(moment: datetime | None) -> SafeString | str:
    """The age of a moment; the moment itself is its title."""
    if moment is None:
        return "-"
    text = age(timezone.now() - moment)
    return format_html('<time datetime="{0}" title="{0}">{1}</time>', moment.isoformat(timespec="seconds"), text)


def at(moment: datetime | None) -> SafeString | str:
    """The time of day, with the date when it isn't today's; the whole moment is its title."""
    if moment is None:
        return "-"
    shown = "H:i:s" if moment.date() == timezone.now().date() else "j M, H:i"
    text = date_format(moment, shown)
    return format_html('<time datetime="{0}" title="{0}">{1}</time>', moment.isoformat(timespec="seconds"), text)


def store_link(store: Store) -> SafeString:
    """The store's page here."""
    return format_html('<a href="{}">{}</a>', reverse("admin:stores_store_change", args=[store.pk]), store.name)


def shop_link(store: Store) -> SafeString:
    """The shop itself, in a page of its own; the address may break before its dots."""
    host = format_html_join(mark_safe("<wbr>."), "{}", ((part,) for part in store.url.split("//", 1)[1].split(".")))
    return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', store.url, host)


def request_links(request_id: str) -> SafeString | str:
    """A request's id with the ways to all that is known of it."""
    if not request_id:
        return "-"
    query = urlencode({"request_id__exact": request_id})
    return format_html(
        '<span class="sp-id">{}</span> <span class="sp-ways">'
        '<a href="{}?{}">audit</a> · <a href="{}?{}">events</a></span>',
        request_id,
        reverse("admin:tenants_auditentry_changelist"),
        query,
        reverse("admin:stores_storeevent_changelist"),
        query,
    )
