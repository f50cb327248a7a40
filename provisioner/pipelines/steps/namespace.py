"""The first step: a namespace that is this store's alone, and the secrets in it."""

from enum import Enum

from provisioner import labels, secrets
from provisioner.cluster import Manifest
from provisioner.cluster.kinds import NAMESPACE
from provisioner.pipelines.context import Context
from provisioner.pipelines.results import Done, StepFailed, Wait
from stores.changes import ConditionChange
from stores.choices import ConditionStatus, ConditionType, EventType
from stores.models import Store


class Standing(Enum):
    """What was found under the namespace's name."""

    ABSENT = "absent"
    OURS = "ours"
    LEAVING = "leaving"
    FOREIGN = "foreign"


def judge(found: Manifest | None, store_name: str) -> Standing:
    """Decide from the object alone. A namespace that doesn't carry the store's label is somebody else's."""
    if found is None:
        return Standing.ABSENT
    if found["metadata"].get("deletionTimestamp"):
        return Standing.LEAVING
    ours = found["metadata"].get("labels", {}).get(labels.STORE_LABEL) == store_name
    return Standing.OURS if ours else Standing.FOREIGN


def manifest(store: Store, request_id: str) -> Manifest:
    """The namespace as it should be; Pod Security `restricted` is enforced by the API server itself."""
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": store.namespace,
            "labels": {**labels.of(store), **levels},
            "annotations": {labels.REQUEST_ID: request_id},
        },
    }


def provide(context: Context) -> Done | Wait:
    """Make the namespace and its Secret, or find them as they should be."""
    store = context.store
    standing = judge(context.cluster.get(NAMESPACE, store.namespace), store.name)
    if standing == Standing.FOREIGN:
        raise StepFailed(
            "NamespaceTaken",
            f"The namespace '{store.namespace}' exists and isn't labelled as this store's; remove or rename it.",
        )
    if standing == Standing.LEAVING:
        return Wait(f"the old namespace {store.namespace} to be gone", delay=1)
    if standing == Standing.ABSENT:
        context.tell(EventType.NAMESPACE_CREATE, f"Making namespace {store.namespace}.", step="namespace")
    context.lease.check()
    context.cluster.apply(manifest(store, context.operation.request_id))
    secrets.ensure(context.cluster, store)
    ready = ConditionChange(ConditionType.NAMESPACE_READY, ConditionStatus.TRUE, "NamespaceActive")
    return Done(EventType.NAMESPACE_READY, f"Namespace {store.namespace} is ready.", (ready,))
