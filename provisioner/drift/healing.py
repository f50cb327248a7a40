"""The one step of a heal: applies the objects that drifted, and touches no other."""

import structlog
from django.db import transaction

from provisioner import labels, superseding
from provisioner.cluster import Conflict, Manifest, kind_of
from provisioner.cluster.kinds import NAMESPACE, POD, STATEFUL_SET
from provisioner.drift import claimed, desired, findings, ports
from provisioner.drift.compare import differs
from provisioner.drift.desired import Record, manager_of
from provisioner.drift.examining import Examiner, is_lost, to_apply
from provisioner.drift.models import DRIFT, Finding
from provisioner.drift.suspecting import Suspicion
from provisioner.pipelines.context import SLICE_SECONDS, Context
from provisioner.pipelines.results import NOTHING_THERE, Done, StepFailed, Wait
from stores.choices import EventType
from stores.models import Store

_NEVER_APPLIED = ("Namespace", claimed.KIND.kind)
"""What is in them would still be gone: an empty one would only hide that."""

LOOKS = 4
"""At one object in one attempt, when it moves."""

log = structlog.get_logger(__name__)


def heal(context: Context) -> Done | Wait:
    """Look at each drifted object again, apply it if it still differs, and write down that it is healed."""
    namespace = context.cluster.get(NAMESPACE, context.store.namespace)
    if namespace is not None and labels.is_of_another_tenant(namespace, context.store):
        raise StepFailed("NamespaceTaken", f"The namespace '{context.store.namespace}' is another tenant's store's.")
    standing = desired.look(context.cluster, context.store)
    if standing.record != Record.DEPLOYED:
        # Somebody else is at the release: whatever it will be, the next look is by that.
        return NOTHING_THERE
    examiner = Examiner(context.cluster, context.store, standing)
    drifted = list(findings.open_of(context.store).filter(verdict__in=DRIFT))
    healed = []
    for finding in drifted:
        wanted = examiner.wanted(finding.kind, finding.name)
        # What isn't asked for any more has nothing to be healed to.
        if wanted is None or _put_right(context, examiner, wanted, LOOKS):
            healed.append(finding)
    if any(not _is_replaced(context, finding.name) for finding in healed if finding.kind == STATEFUL_SET.kind):
        return Wait("the controller of StatefulSets to see what was put right")
    _close(context, healed)
    done = list(Finding.objects.filter(healed_by=context.operation))
    if not done:
        return NOTHING_THERE
    named = ", ".join(f"{each.kind} '{each.name}'" for each in done)
    return Done(EventType.SELF_HEALED, f"Put right: {named}.", (findings.condition(context.store),))


def _put_right(context: Context, examiner: Examiner, wanted: Manifest, looks: int) -> bool:
    """Whether the object is as it should be now; raises StepFailed when applying it changes nothing.

    One that was changed between the look and the apply, be it by its controller, is looked at again.
    """
    try:
        return _once(context, examiner, wanted)
    except Conflict:
        if looks <= 1:
            raise
    return _put_right(context, examiner, wanted, looks - 1)


def _once(context: Context, examiner: Examiner, wanted: Manifest) -> bool:
    kind, name = kind_of(wanted), wanted["metadata"]["name"]
    found = context.cluster.get(kind, name, context.store.namespace)
    if wanted["kind"] in _NEVER_APPLIED and found is None:
        return False
    if found is None:
        if wanted["kind"] == "Secret" and None in wanted["data"].values():
            return False
        _apply(context, to_apply(wanted, None, Suspicion()), manager_of(wanted))
        return True
    if found["metadata"].get("deletionTimestamp"):
        return False
    suspicion = examiner.suspicion(wanted, found)
    if wanted["kind"] == claimed.KIND.kind:
        return not suspicion.counted
    if any(not is_lost(each) for each in suspicion.counted):
        _change(context, wanted, found, suspicion)
    return not any(is_lost(each) for each in suspicion.counted)


def _change(context: Context, wanted: Manifest, found: Manifest, suspicion: Suspicion) -> None:
    manager = manager_of(wanted)
    present = ports.put_back(context.cluster, wanted, found, context.lease.check)
    manifest = to_apply(wanted, found, suspicion)
    # Only this very object in this very state: whoever changes it meanwhile is looked at first.
    version = {name: present["metadata"][name] for name in ("uid", "resourceVersion")}
    manifest = {**manifest, "metadata": {**manifest["metadata"], **version}}
    result = _apply(context, manifest, manager)
    if not differs(result, found):
        what = f"{wanted['kind']} '{wanted['metadata']['name']}'"
        raise StepFailed("NotHealed", f"Applying {what} changed nothing: something in the cluster keeps it as it is.")


def _apply(context: Context, manifest: Manifest, manager: str) -> Manifest:
    context.lease.check()
    result = context.cluster.apply(manifest, field_manager=manager)
    log.info("object applied", kind=manifest["kind"], name=manifest["metadata"]["name"])
    return result


def _is_replaced(context: Context, name: str) -> bool:
    """Whether no pod of the StatefulSet is left that what it was put right from has broken."""
    cluster, namespace = context.cluster, context.store.namespace

    def is_seen(found: Manifest | None) -> bool:
        return found is None or superseding.is_observed(found)

    found = cluster.wait_for(STATEFUL_SET, name, namespace, is_seen, timeout=SLICE_SECONDS)
    if found:
        selector = ",".join(f"{key}={value}" for key, value in found["spec"]["selector"]["matchLabels"].items())
        pods = list(cluster.list(POD, namespace, label_selector=selector))
        superseding.replace(cluster, superseding.superseded(found, pods), context.lease.check)
    return found is not None


def _close(context: Context, healed: list[Finding]) -> None:
    """A worker that is killed after this finds them closed by its own operation, and tells of them."""
    with transaction.atomic():
        Store.objects.select_for_update(no_key=True).get(pk=context.store.pk)
        context.lease.check()
        findings.close(context.operation, healed)
