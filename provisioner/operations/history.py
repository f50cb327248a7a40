"""What has happened long ago goes, or the tables would grow for as long as the platform runs.

A store keeps its newest events and operations however old they are: a shop that nothing happened to for a year still
has a log, and a listener finds the id that it comes back with. The audit is not history, it only grows.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import F, Model, OuterRef, QuerySet, Subquery
from django.utils import timezone

from provisioner.drift.models import Finding
from provisioner.operations.models import ACTIVE, Operation
from stores.models import StoreEvent

KEPT_OF_A_STORE = 100
"""Newest events, and newest operations, that stay whatever their age."""

BATCH = 500
MOST_BATCHES = 20
"""In one run and for one table: the sweep after it takes the rest, and a lock is never held for long."""


def forget() -> dict[str, int]:
    """Remove what is older than STOREPLANE_HISTORY_DAYS, and sessions that have ended; the numbers by table."""
    now = timezone.now()
    old = {"sessions": Session.objects.filter(expire_date__lt=now).order_by("pk")}
    if settings.STOREPLANE_HISTORY_DAYS > 0:
        old |= _old(now - timedelta(days=settings.STOREPLANE_HISTORY_DAYS))
    return {name: _delete(rows) for name, rows in old.items()}


def _old(before: datetime) -> dict[str, "QuerySet[Any]"]:
    events = StoreEvent.objects.filter(timestamp__lt=before, published_at__isnull=False)
    operations = Operation.objects.filter(finished_at__lt=before).exclude(state__in=ACTIVE)
    return {
        "events": _but_newest(events, StoreEvent.objects.order_by("-id"), "id"),
        "operations": _but_newest(operations, Operation.objects.order_by("-created_at"), "created_at"),
        "findings": Finding.objects.filter(healed_at__lt=before).order_by("pk"),
    }


def _but_newest(rows: "QuerySet[Any]", newest_first: "QuerySet[Any]", rank: str) -> "QuerySet[Any]":
    """Those rows that come after the newest of their store. A store with fewer has nothing to compare with."""
    last_kept = newest_first.filter(store=OuterRef("store")).values(rank)[KEPT_OF_A_STORE - 1 : KEPT_OF_A_STORE]
    older: QuerySet[Any] = rows.annotate(last_kept=Subquery(last_kept)).filter(**{f"{rank}__lt": F("last_kept")})
    return older.order_by("pk")


def _delete(rows: "QuerySet[Any]") -> int:
    model: type[Model] = rows.model
    removed = 0
    for _ in range(MOST_BATCHES):
        keys = list(rows.values_list("pk", flat=True)[:BATCH])
        model._default_manager.filter(pk__in=keys).delete()
        removed += len(keys)
        if len(keys) < BATCH:
            break
    return removed
