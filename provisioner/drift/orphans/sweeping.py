"""Keeping the table of orphans in step with what is there."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from provisioner.cluster import Cluster
from provisioner.drift.orphans import looking
from provisioner.drift.orphans.deciding import Found, Seen, orphans
from provisioner.drift.orphans.models import Orphan, OrphanKind


def sweep(cluster: Cluster) -> int:
    """Look, judge, write down; how many orphans there are. Raises ClusterError, and then nothing is written."""
    # A store that was removed while we looked was there before, one that was made meanwhile is there afterwards.
    before = looking.living()
    seen = looking.look(cluster)
    found = orphans(seen, before | looking.living())
    _write(found, seen, timezone.now())
    return Orphan.objects.count()


def _write(found: list[Found], seen: Seen, now: datetime) -> None:
    looked_at = [kind for kind in OrphanKind if kind != OrphanKind.REDIS_KEY or seen.keys is not None]
    rows = [
        Orphan(
            kind=each.kind,
            namespace=each.namespace,
            name=each.name,
            uid=each.uid,
            why=each.why,
            seen_first=now,
            seen_last=now,
        )
        for each in found
    ]
    with transaction.atomic():
        Orphan.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["kind", "namespace", "name", "uid"],
            update_fields=["why", "seen_last"],
        )
        Orphan.objects.filter(kind__in=looked_at, seen_last__lt=now).delete()
