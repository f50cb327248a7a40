"""The steps of a removal. Each waits until what it removed is really gone (404), not merely asked to go."""

from django.utils import timezone

from provisioner import labels
from provisioner.cluster import Manifest
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM
from provisioner.mirror import writer
from provisioner.operations.lease import STALE_AFTER, is_surely_dead
from provisioner.operations.models import Step
from provisioner.pipelines.context import SLICE_SECONDS, Context
from provisioner.pipelines.results import Done, Wait
from stores.choices import EventType
from stores.models import Store

HELM_DEADLINE_SECONDS = 60.0


def drain(context: Context) -> Done | Wait:
    """Wait for workers that still act on a cancelled operation: their lease is lost, their hands may be full."""
    held = Step.objects.filter(operation__store=context.store).exclude(operation=context.operation).exclude(owner="")
    alive = held.filter(heartbeat_at__gte=timezone.now() - STALE_AFTER)
    busy = [step for step in alive if not is_surely_dead(step.owner)]
    if busy:
        return Wait(f"step '{busy[0].name}' to let go", delay=0.5)
    return Done(None, "")


def uninstall(context: Context) -> Done | Wait:
    """Remove the Helm release and all it made; volumes of StatefulSets stay, they have a step of their own."""
    namespace = context.store.namespace
    if not _is_ours(context) or context.helm.status(labels.RELEASE, namespace) is None:
        return Done(EventType.HELM_UNINSTALLED, "There is no Helm release.")
    context.tell(EventType.HELM_UNINSTALL, "Uninstalling the Helm release.", step="release")
    context.lease.check()
    context.helm.uninstall(labels.RELEASE, namespace, deadline=HELM_DEADLINE_SECONDS)
    return Done(EventType.HELM_UNINSTALLED, "The Helm release is gone.")


def remove_volumes(context: Context) -> Done | Wait:
    """Delete the store's claims, and wait until they and the volumes behind them are gone."""
    namespace = context.store.namespace
    if not _is_ours(context):
        return Done(None, "")
    claims = [claim["metadata"]["name"] for claim in context.cluster.list(PERSISTENT_VOLUME_CLAIM, namespace)]
    if not claims:
        return Done(None, "")
    context.tell(EventType.PVC_CLEANUP, f"Removing {len(claims)} volume(s): {', '.join(claims)}.", step="volumes")
    context.lease.check()
    for claim in claims:
        context.cluster.delete(PERSISTENT_VOLUME_CLAIM, claim, namespace)
    for claim in claims:
        if not context.cluster.wait_gone(PERSISTENT_VOLUME_CLAIM, claim, namespace, timeout=SLICE_SECONDS):
            return Wait(f"volume claim {claim} to be gone")
    return Done(None, "")


def remove_namespace(context: Context) -> Done | Wait:
    """Delete the namespace and wait for its 404, and for the 404 of every volume that was bound in it."""
    namespace = context.store.namespace
    found = context.cluster.get(NAMESPACE, namespace)
    if found is not None and _ours(found, context.store):
        if not found["metadata"].get("deletionTimestamp"):
            context.tell(EventType.NAMESPACE_DELETE, f"Removing namespace {namespace}.", step="namespace")
            context.lease.check()
            context.cluster.delete(NAMESPACE, namespace, uid=found["metadata"]["uid"])
        if not context.cluster.wait_gone(NAMESPACE, namespace, timeout=SLICE_SECONDS):
            return Wait(f"namespace {namespace} to be gone{_blocker(context)}")
    left = [name for name in _bound_volumes(context) if name]
    if left:
        return Wait(f"volume {left[0]} to be gone", delay=1)
    return Done(EventType.NAMESPACE_DELETED, f"Namespace {namespace} is gone.")


def close_record(context: Context) -> Done | Wait:
    """Let the mirror go and turn the row into a tombstone: from here on the name is free."""
    context.lease.check()
    writer.remove(context.cluster, context.store)
    return Done(EventType.DELETE_COMPLETE, f"{context.store.label} is gone without a trace.")


def _is_ours(context: Context) -> bool:
    found = context.cluster.get(NAMESPACE, context.store.namespace)
    return found is not None and _ours(found, context.store)


def _ours(namespace: Manifest, store: Store) -> bool:
    """A namespace that somebody else made under our name is never touched."""
    return bool(namespace["metadata"].get("labels", {}).get(labels.STORE_LABEL) == store.name)


def _blocker(context: Context) -> str:
    """What a namespace that doesn't go says of itself (its conditions name the resources and finalizers left)."""
    found = context.cluster.get(NAMESPACE, context.store.namespace) or {}
    for condition in found.get("status", {}).get("conditions", []):
        if condition.get("status") == "True" and condition.get("message"):
            return f": {condition['message']}"
    return ""


def _bound_volumes(context: Context) -> list[str]:
    """Volumes whose claim was in the namespace and whose policy says that they go with it."""
    return [
        volume["metadata"]["name"]
        for volume in context.cluster.list(PERSISTENT_VOLUME)
        if volume["spec"].get("claimRef", {}).get("namespace") == context.store.namespace
        and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
    ]
