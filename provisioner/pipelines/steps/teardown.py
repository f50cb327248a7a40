"""The steps of a removal. Each waits until what it removed is really gone (404), not merely asked to go."""

from django.conf import settings

from provisioner import labels, safekeeping, volumes
from provisioner.cluster import Manifest
from provisioner.cluster.kinds import NAMESPACE, PERSISTENT_VOLUME, PERSISTENT_VOLUME_CLAIM
from provisioner.drift import claimed, desired
from provisioner.mirror import writer
from provisioner.operations.lease import busy_elsewhere
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import NOTHING_THERE, Done, Wait
from provisioner.pipelines.steps import leaving
from provisioner.pipelines.steps.leaving import Leaving
from stores.choices import EventType
from stores.models import Store

HELM_DEADLINE_SECONDS = 60.0


def drain(context: Context) -> Done | Wait:
    """Wait for whoever else may act under this name: a worker of a cancelled operation, or an earlier store's removal.

    The lease of the first is lost, but its hands may be full. The second has the namespace, which goes by the name.
    """
    busy = busy_elsewhere(context.store.pk, context.lease.step_id)
    if busy is not None:
        return Wait(f"step '{busy.name}' to let go", delay=0.5)
    store = context.store
    if Store.objects.not_gone().filter(name=store.name, pk__lt=store.pk).exists():
        return _wait(context, f"the earlier store '{store.name}' to be gone", "", leaving.pace(context.spent))
    return NOTHING_THERE


def uninstall(context: Context) -> Done | Wait:
    """Remove the Helm release and all it made; volumes of StatefulSets stay, they have a step of their own."""
    namespace = context.store.namespace
    if not _is_there(context) or context.helm.status(labels.RELEASE, namespace) is None:
        return NOTHING_THERE
    context.tell(EventType.HELM_UNINSTALL, "Uninstalling the Helm release.", step="release")
    context.lease.check()
    context.helm.uninstall(labels.RELEASE, namespace, deadline=HELM_DEADLINE_SECONDS)
    return Done(EventType.HELM_UNINSTALLED, "The Helm release is gone.")


def remove_volumes(context: Context) -> Done | Wait:
    """Delete the store's claims and wait until they are gone; volumes that their class would retain go with them."""
    namespace = context.store.namespace
    claims = list(context.cluster.list(PERSISTENT_VOLUME_CLAIM, namespace)) if _is_there(context) else []
    names = [claim["metadata"]["name"] for claim in claims]
    context.lease.check()
    bound = [each["spec"]["volumeName"] for each in claims if each["spec"].get("volumeName")]
    volumes.let_go(context.cluster, context.store, [*bound, *claimed.volumes(context.store)])
    standing = leaving.judge(claims)
    if standing == Leaving.GONE:
        return NOTHING_THERE
    if standing == Leaving.THERE:
        context.tell(EventType.PVC_CLEANUP, f"Removing {len(names)} volume(s): {', '.join(names)}.", step="volumes")
        context.lease.check()
        for claim in claims:
            # By uid: of a successor's claim with the same name this worker must never get hold, however late it is.
            metadata = claim["metadata"]
            context.cluster.delete(PERSISTENT_VOLUME_CLAIM, metadata["name"], namespace, uid=metadata["uid"])
    pace = leaving.pace(context.spent)
    for name in names:
        if not context.cluster.wait_gone(PERSISTENT_VOLUME_CLAIM, name, namespace, timeout=pace.watch):
            left = context.cluster.get(PERSISTENT_VOLUME_CLAIM, name, namespace)
            if leaving.is_in_use(left):
                continue  # by a pod that no release removed: it goes with the namespace, and the claim with it
            return _wait(context, f"volume claim {name} to be gone", leaving.blocker(left), pace)
    return Done(None, "")


def remove_namespace(context: Context) -> Done | Wait:
    """Delete the namespace and wait for its 404, and for the 404 of every volume that was bound in it."""
    namespace = context.store.namespace
    found = _look(context)
    if found is not None and not labels.is_of(found, context.store):
        return NOTHING_THERE  # its volumes are somebody else's, too
    standing = leaving.judge([found] if found is not None else [])
    pace = leaving.pace(context.spent)
    if found is not None and standing == Leaving.THERE:
        context.tell(EventType.NAMESPACE_DELETE, f"Removing namespace {namespace}.", step="namespace")
        context.lease.check()
        context.cluster.delete(NAMESPACE, namespace, uid=found["metadata"]["uid"])
    if standing != Leaving.GONE and not context.cluster.wait_gone(NAMESPACE, namespace, timeout=pace.watch):
        return _wait(context, f"namespace {namespace} to be gone", leaving.blocker(_look(context)), pace)
    left = leaving.volumes_of(context.cluster.list(PERSISTENT_VOLUME), namespace)
    if left:
        name = left[0]["metadata"]["name"]
        return _wait(context, f"volume {name} to be gone", leaving.blocker(left[0]), pace)
    if standing == Leaving.GONE:
        return NOTHING_THERE
    return Done(EventType.NAMESPACE_DELETED, f"Namespace {namespace} is gone.")


def close_record(context: Context) -> Done | Wait:
    """Let the mirror go and turn the row into a tombstone: from here on the name is free."""
    context.lease.check()
    if Store.objects.not_gone().filter(pk=context.store.pk).exists():
        # Done a second time the copy could be a successor's: the name is free once the tombstone stands.
        safekeeping.forget(context.cluster, context.store, context.lease.check)
    held = writer.remove(context.cluster, context.store)
    if held is not None:
        pace = leaving.pace(context.spent)
        return _wait(context, f"the resource {context.store.name} to be gone", leaving.held_by(held), pace)
    desired.forget(context.store)
    return Done(EventType.DELETE_COMPLETE, f"{context.store.label} is gone without a trace.")


def _wait(context: Context, waiting_for: str, blocker: str, pace: leaving.Pace) -> Wait:
    said = f"{waiting_for}: {blocker}" if blocker else waiting_for
    return Wait(said, pace.delay, blocked=context.spent > settings.STOREPLANE_BLOCKED_SECONDS)


def _is_there(context: Context) -> bool:
    """A namespace that somebody else made under our name is never touched."""
    found = _look(context)
    return found is not None and labels.is_of(found, context.store)


def _look(context: Context) -> Manifest | None:
    return context.cluster.get(NAMESPACE, context.store.namespace)
