"""Taking what a resource wishes into the record, through the same services as the API."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from config.request_id import new_request_id
from provisioner.cluster import Manifest
from provisioner.mirror import auditing, document, rows, wishes
from provisioner.mirror.authority import may_speak_for
from provisioner.mirror.document import as_time
from provisioner.mirror.models import Mirror
from provisioner.mirror.verdicts import DELETION_PROTECTED, INVALID, TENANT_NOT_ALLOWED, known, next_verdict, reason_of
from stores.changes import note_event
from stores.choices import EventType, Origin
from stores.errors import Refused
from stores.models import Store
from stores.services import change_store, replace_rules, request_teardown

log = structlog.get_logger(__name__)

Refusal = tuple[str, str]

RULES = wishes.FIELDS["ignoreDifferences"]


def adopt(store_id: int, found: Manifest) -> None:
    """Judge the wishes of a resource's generation once: granted ones are in the record, refused ones in the verdict."""
    with transaction.atomic():
        mirror, store = rows.locked(store_id), rows.living(store_id)
        if store is None:
            return
        wish = wishes.wished(wishes.sides(found, rows.as_known(store, mirror)))
        generation = int(found["metadata"]["generation"])
        if wish:
            _judge(mirror, generation, _change(store, found, wish))
        mirror.generation = generation
        mirror.save(update_fields=["generation", "verdict"])
        if found["metadata"]["uid"] != mirror.uid:
            Mirror.objects.filter(pk=mirror.pk).update(wish_uid=found["metadata"]["uid"])


def tear_down(store_id: int, found: Manifest | None) -> None:
    """A deleted resource is a teardown; a protected store says why it stays."""
    with transaction.atomic():
        mirror, store = rows.locked(store_id), rows.living(store_id)
        if store is None or store.deletion_requested_at is not None:
            return
        generation = int(found["metadata"]["generation"]) if found else mirror.generation
        refusal = _remove(store)
        _judge(mirror, generation, refusal)
        mirror.generation = generation
        if refusal is not None and found is None:
            mirror.wish_uid = ""  # there is nothing left that could be deleted: the resource is made anew
        mirror.save(update_fields=["generation", "verdict", "wish_uid"])


def note_restoration(store_id: int, vanished: str) -> None:
    """A resource that vanished while its store lives will be made again: tell so, once, and forget the old one.

    `vanished` is its uid: of two who saw it vanish, the second may find the new one made already.
    """
    with transaction.atomic():
        mirror, store = rows.locked(store_id), rows.living(store_id)
        if store is None or not mirror.uid or mirror.uid != vanished:
            return
        mirror.uid, mirror.spec, mirror.generation, mirror.status_digest = "", None, 0, ""
        mirror.save(update_fields=["uid", "spec", "generation", "status_digest"])
        message = f"The resource of {store.label} was deleted by force; it is made again, since the store lives."
        note_event(store, EventType.RESOURCE_RESTORED, message)
        log.info("resource deleted by force", store=store.name)


def grant(store: Store, wish: Mapping[str, Any], request_id: str) -> None:
    """Take the wished fields into the record, by the record's names. Raises Refused."""
    fields = {name: value for name, value in wish.items() if name != RULES}
    if fields:
        change_store(store, fields, request_id=request_id, origin=Origin.KUBECTL)
    if RULES in wish:
        rules = document.rule_values(wish[RULES])
        replace_rules(store, rules, request_id=request_id, origin=Origin.KUBECTL)


def _change(store: Store, found: Manifest, wish: Mapping[str, Any]) -> Refusal | None:
    if not may_speak_for(store.tenant.slug):
        return _not_allowed(store)
    problem = wishes.problem_with(found["spec"])
    if problem is not None:
        return _refused(store, INVALID, problem)
    request_id = new_request_id()
    try:
        with transaction.atomic():
            before = {name: getattr(store, name) for name in wish if name != RULES}
            grant(store, wish, request_id)
            auditing.note("store.change", store, request_id, before=before, after=wish)
    except Refused as refusal:
        return _refused(store, reason_of(refusal), refusal.message)
    log.info("wish by kubectl", store=store.name, wish=sorted(wish))
    return None


def _remove(store: Store) -> Refusal | None:
    if not may_speak_for(store.tenant.slug):
        return _not_allowed(store)
    request_id = new_request_id()
    try:
        with transaction.atomic():
            request_teardown(store, request_id=request_id, origin=Origin.KUBECTL)
            auditing.note("store.delete", store, request_id)
    except Refused as refusal:
        return _refused(store, DELETION_PROTECTED, refusal.message)
    log.info("deletion by kubectl", store=store.name)
    return None


def _not_allowed(store: Store) -> Refusal:
    message = (
        f"Store resources may not change stores of the tenant '{store.tenant.slug}'; use the API, or ask an operator."
    )
    return _refused(store, TENANT_NOT_ALLOWED, message)


def _refused(store: Store, reason: str, message: str) -> Refusal:
    note_event(store, EventType.WISH_REFUSED, message, origin=Origin.KUBECTL)
    log.info("wish by kubectl refused", store=store.name, reason=reason)
    return reason, message


def _judge(mirror: Mirror, generation: int, refusal: Refusal | None) -> None:
    """A first wish that is granted needs no verdict: the resource shows it as accepted since its store's birth."""
    before = known(mirror.verdict)
    if before is None and refusal is None:
        return
    if refusal is not None:
        reason, message = refusal
        refusal = reason, f"Generation {generation} was refused: {message}"
    mirror.verdict = next_verdict(before, generation, as_time(timezone.now()), refusal).as_json()
