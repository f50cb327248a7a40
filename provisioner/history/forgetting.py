"""What has happened long ago goes, or the tables would grow for as long as the platform runs.

A store that is there keeps its newest events and operations however old they are: a shop that nothing happened to for a
year still has a log. The audit is not history, it only grows.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Exists, F, Model, OuterRef, QuerySet, Subquery
from django.utils import timezone

from provisioner.drift.models import Finding
from provisioner.operations.models import ACTIVE, Operation
from stores.models import Store, StoreEvent

KEPT_OF_A_STORE = 100
"""Newest events, and newest operations, that stay whatever their age."""

BATCH = 500
MOST_BATCHES = 200
"""In one run and for one kind of rows: the next run takes the rest, and no lock is held for long."""

Rows = QuerySet[Any]


def forget() -> dict[str, int]:
    """Remove what is older than STOREPLANE_HISTORY_DAYS, and sessions that have ended; the numbers by kind."""
    now = timezone.now()
    removed = {"sessions": _delete([Session.objects.filter(expire_date__lt=now)])}
    if settings.STOREPLANE_HISTORY_DAYS > 0:
        removed |= _forget_before(now - timedelta(days=settings.STOREPLANE_HISTORY_DAYS))
    return removed


def _forget_before(then: datetime) -> dict[str, int]:
    events = StoreEvent.objects.filter(timestamp__lt=then, published_at__isnull=False)
    operations = Operation.objects.filter(finished_at__lt=then).exclude(state__in=ACTIVE)
    return {
        "events": _delete([*_of_gone_stores(events, then), *_but_newest(events, "id")]),
        "operations": _delete([*_of_gone_stores(operations, then), *_but_newest(operations, "created_at")]),
        "findings": _delete([Finding.objects.filter(healed_at__lt=then)]),
    }


def _of_gone_stores(old: Rows, then: datetime) -> Iterable[Rows]:
    stores = Store.objects.filter(Exists(old.filter(store=OuterRef("pk"))), deleted_at__lt=then)
    for store in stores.values_list("pk", flat=True)[:MOST_BATCHES]:
        yield old.filter(store=store)


def _but_newest(old: Rows, rank: str) -> Iterable[Rows]:
    """Old rows of each store that is there, but for its newest by `rank`.

    The stores are asked for first, by two looks into an index for each: to compare each row with its store's others
    would read all that is kept again with each run.
    """
    newest = old.model._default_manager.filter(store=OuterRef("pk")).order_by(f"-{rank}").values(rank)
    oldest = old.filter(store=OuterRef("pk")).order_by(rank).values(rank)
    stores = Store.objects.not_gone().annotate(
        last_kept=Subquery(newest[KEPT_OF_A_STORE - 1 : KEPT_OF_A_STORE]), oldest=Subquery(oldest[:1])
    )
    beyond = stores.filter(oldest__lt=F("last_kept")).values_list("pk", "last_kept")
    for store, kept in beyond[:MOST_BATCHES]:
        yield old.filter(store=store, **{f"{rank}__lt": kept})


def _delete(parts: Iterable[Rows]) -> int:
    removed = batches = 0
    for rows in parts:
        while batches < MOST_BATCHES:
            batches += 1
            count = _delete_batch(rows)
            removed += count
            if count < BATCH:
                break
    return removed


def _delete_batch(rows: Rows) -> int:
    model: type[Model] = rows.model
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    model._default_manager.filter(pk__in=keys).delete()
    return len(keys)
