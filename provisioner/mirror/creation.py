"""A resource that no store stands behind is a wish for one."""

from dataclasses import asdict
from typing import Any, ClassVar
from zlib import crc32

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from config.request_id import new_request_id
from provisioner.cluster import Cluster, Conflict, Manifest, NotFound
from provisioner.cluster.kinds import STORE
from provisioner.mirror import adoption, auditing, document, events, rows, wishes
from provisioner.mirror.authority import may_speak_for
from provisioner.mirror.models import Mirror
from provisioner.mirror.schema import FINALIZER
from provisioner.mirror.verdicts import (
    ACCEPTED,
    FINAL,
    Verdict,
    conditions_of_refused,
    next_verdict,
    reason_of,
    refused_already,
)
from provisioner.mirror.writer import put_status
from stores.choices import Origin
from stores.errors import InvalidStore, Refused
from stores.models import Store
from stores.services import create_store
from tenants.models import Tenant

log = structlog.get_logger(__name__)


class TenantUnknown(Refused):
    """The resource names no tenant that there is."""

    reason: ClassVar[str] = "tenant-unknown"


class TenantNotAllowed(Refused):
    """Resources may not make stores for that tenant (`STOREPLANE_RESOURCE_TENANTS`)."""

    reason: ClassVar[str] = "tenant-not-allowed"
    status: ClassVar[int] = 403


def take_new(cluster: Cluster, seen: Manifest, *, again: bool = False) -> bool:
    """Make the store that a resource asks for, or tell in its status why not; whether a store was made.

    What was refused before is left alone unless `again`. Harmless when done twice, also at the same time.
    """
    if document.is_going(seen):
        _let_go(cluster, seen)
        return False
    refused = refused_already(seen)
    if wishes.was_written(seen) or (refused and (not again or refused in FINAL)):
        return False
    # A watch may tell of the past: only what is there now is a wish.
    found = cluster.get(STORE, seen["metadata"]["name"])
    if found is None or found["metadata"]["uid"] != seen["metadata"]["uid"] or document.is_going(found):
        return False
    try:
        with transaction.atomic():
            return _create(found)
    except Refused as refusal:
        _show(cluster, found, refusal)
        return False


def _create(found: Manifest) -> bool:
    metadata = found["metadata"]
    with connection.cursor() as cursor:
        # Of two that see the same resource the second finds the store.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [crc32(f"storeplane:wish:{metadata['name']}".encode())])
    present = Store.objects.filter(name=metadata["name"], deletion_requested_at__isnull=True).first()
    if present is not None:
        rows.look_again(present.pk)
        return False
    if Mirror.objects.filter(Q(uid=metadata["uid"]) | Q(wish_uid=metadata["uid"])).exists():
        return False  # it was of a store that is gone or going
    problem = wishes.problem_with(found["spec"])
    if problem is not None:
        raise InvalidStore(problem)
    asked = wishes.new_store(found, settings.STOREPLANE_RESOURCE_DEFAULT_TENANT)
    tenant, request_id = _tenant(asked.tenant), new_request_id()
    created = create_store(tenant, asked.spec, by=None, request_id=request_id, origin=Origin.KUBECTL)
    if asked.then and created.new:
        adoption.grant(created.store, asked.then, request_id)
    if created.new:
        auditing.note("store.create", created.store, request_id, after=asdict(asked.spec) | asked.then)
        generation = int(metadata["generation"])
        Mirror.objects.create(store=created.store, wish_uid=metadata["uid"], generation=generation)
        log.info("store asked for by kubectl", store=metadata["name"], tenant=asked.tenant)
    return created.new


def _tenant(slug: str) -> Tenant:
    if not slug:
        raise TenantUnknown("The resource names no tenant, and there is no default; set spec.tenant.")
    if not may_speak_for(slug):
        raise TenantNotAllowed(f"Store resources may not make stores for the tenant '{slug}'; ask an operator.")
    tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        raise TenantUnknown(f"There is no tenant '{slug}'; make it first, or delete the resource.")
    return tenant


def _show(cluster: Cluster, found: Manifest, refusal: Refused) -> None:
    """Tell in the status why no store was made; a refusal that is shown already is not written again."""
    verdict = _verdict(found, refusal)
    shown: list[dict[str, Any]] = (found.get("status") or {}).get("conditions") or []
    told = {
        "message": verdict.message,
        "observedGeneration": verdict.generation,
        "conditions": conditions_of_refused(verdict, shown),
    }
    if document.normal(found.get("status")) == document.normal(told):
        return
    metadata = {name: found["metadata"][name] for name in ("name", "uid", "resourceVersion")}
    try:
        put_status(cluster, {**document.status_of(metadata["name"], told), "metadata": metadata})
    except (Conflict, NotFound):
        return  # it has changed since; that change is looked at in its turn
    log.info("resource refused", store=metadata["name"], reason=verdict.reason)
    events.tell_refusal(cluster, found, verdict)


def _verdict(found: Manifest, refusal: Refused) -> Verdict:
    now = document.as_time(timezone.now())
    before = None
    for condition in (found.get("status") or {}).get("conditions") or []:
        if condition.get("type") == ACCEPTED:
            accepted = condition.get("status") == "True"
            before = Verdict(accepted, "", "", 0, str(condition.get("lastTransitionTime") or now))
    generation = int(found["metadata"]["generation"])
    return next_verdict(before, generation, now, (reason_of(refusal), refusal.message))


def _let_go(cluster: Cluster, seen: Manifest) -> None:
    """A copy of another store's resource brings our finalizer along, and there is nothing to be torn down for it."""
    metadata = seen["metadata"]
    finalizers = metadata.get("finalizers") or []
    if FINALIZER not in finalizers or wishes.was_written(seen):
        return
    left = [each for each in finalizers if each != FINALIZER]
    try:
        patch = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"], "finalizers": left or None}
        cluster.patch_merge(STORE, metadata["name"], None, {"metadata": patch})
    except (Conflict, NotFound):
        return  # somebody was quicker, or the next look does it
