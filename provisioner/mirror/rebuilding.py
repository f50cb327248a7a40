"""The records of stores from their resources: the way back when the database was lost and no backup can be had.

The opposite is `republishing`. What a resource doesn't tell is gone: members, tokens, the audit, the log's older lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import structlog
from django.db import transaction

from config.request_id import new_request_id
from provisioner import labels
from provisioner.cluster import Cluster, Manifest
from provisioner.cluster.kinds import PERSISTENT_VOLUME_CLAIM, STORE
from provisioner.mirror import auditing, document, wishes
from provisioner.mirror.models import Mirror
from stores.choices import Phase
from stores.errors import Refused
from stores.models import Store
from stores.services import rebuild_store
from tenants.models import Tenant
from tenants.plans import PLANS

UNBORN = (Phase.PENDING, Phase.PROVISIONING)

log = structlog.get_logger(__name__)


class Outcome(StrEnum):
    """What became of one resource."""

    REBUILT = "rebuilt"
    RECORDED = "has a record"
    REMOVED = "is of a store that was removed"
    WISH = "is a wish that the platform will look at"
    REFUSED = "can't be taken"


@dataclass(frozen=True)
class Found:
    """One resource; `why` says more about a refusal."""

    name: str
    tenant: str
    outcome: Outcome
    why: str = ""


def rebuild(cluster: Cluster, *, dry_run: bool = False) -> Iterator[Found]:
    """Make the record of each resource that this platform once wrote and that has none. Raises ClusterError.

    Harmless when repeated, and while the platform works: a name is recorded once.
    """
    for resource in cluster.list(STORE):
        name, tenant = resource["metadata"]["name"], str(resource["spec"].get("tenant", ""))
        outcome, why = _judge(resource), ""
        if outcome == Outcome.REBUILT and not dry_run:
            outcome, why = _make(cluster, resource)
        yield Found(name, tenant, outcome, why)


def _judge(resource: Manifest) -> Outcome:
    metadata = resource["metadata"]
    if not wishes.was_written(resource):
        return Outcome.WISH
    if Store.objects.by_name(metadata["name"]) is not None:
        return Outcome.RECORDED
    if Mirror.objects.filter(uid=metadata["uid"]).exists():
        return Outcome.REMOVED
    return Outcome.REBUILT


def _make(cluster: Cluster, resource: Manifest) -> tuple[Outcome, str]:
    problem = wishes.problem_with(resource["spec"])
    if problem is not None:
        return Outcome.REFUSED, problem
    asked, request_id = wishes.new_store(resource, ""), new_request_id()
    more = dict(asked.then)
    if more.get("ignore_differences"):
        more["ignore_differences"] = document.rule_values(more["ignore_differences"])
    claim = cluster.get(PERSISTENT_VOLUME_CLAIM, labels.CLAIM_NAME, f"store-{asked.spec.name}")
    size = claim["spec"]["resources"]["requests"]["storage"] if claim else PLANS[asked.spec.plan].storage
    born = claim is not None or (resource.get("status") or {}).get("phase") not in UNBORN
    try:
        with transaction.atomic():
            # Whose it was is told by the resource alone; who belongs to the tenant isn't told at all.
            tenant, _ = Tenant.objects.get_or_create(slug=asked.tenant, defaults={"name": asked.tenant})
            store = rebuild_store(tenant, asked.spec, more, volume_size=size, born=born, request_id=request_id)
            if store is None:
                return Outcome.RECORDED, ""
            auditing.note("store.rebuild", store, request_id, after={"tenant": tenant.slug, "born": born})
    except Refused as refusal:
        return Outcome.REFUSED, refusal.message
    log.info("record made again", store=store.name, tenant=tenant.slug, born=born)
    return Outcome.REBUILT, ""
