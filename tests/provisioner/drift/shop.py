"""A store as a birth leaves it: its record, and its objects in a cluster, put there by Helm's own code."""

from typing import Any

from django.utils import timezone

from provisioner.cluster import Cluster, Manifest, kinds
from provisioner.drift import claimed, findings, judging
from provisioner.drift.desired import BY_NAME, KINDS
from provisioner.drift.models import Finding
from provisioner.helm.storage import revisions
from provisioner.labels import RELEASE, SELECTOR
from provisioner.operations import transitions
from provisioner.operations.models import Operation, OperationKind, OperationState
from provisioner.pipelines.runner import run_link
from provisioner.pipelines.steps import ACTIONS
from stores.choices import Phase
from stores.models import Store
from tests.chaos.waiting import until
from tests.provisioner.factories import StoreFactory, operation

Object = tuple[str, str]


class Shop:
    """A ready store and the verbs of a test upon it."""

    def __init__(self, cluster: Cluster, store: Store) -> None:
        self.cluster, self.store = cluster, store

    @property
    def namespace(self) -> str:
        return self.store.namespace

    def get(self, kind: str, name: str) -> Manifest:
        found = self.cluster.get(BY_NAME[kind], name, self.namespace)
        assert found is not None, (kind, name)
        return found

    def versions(self) -> dict[Object, tuple[str, Any]]:
        """Of each object its uid, and what of it isn't its controller's to write."""
        found = {}
        for kind in KINDS[1:]:
            for each in self.cluster.list(kind, self.namespace, label_selector=SELECTOR):
                found[kind.kind, each["metadata"]["name"]] = _version(each)
        namespace = self.cluster.get(kinds.NAMESPACE, self.namespace)
        assert namespace is not None
        return {**found, ("Namespace", self.namespace): _version(namespace)}

    def revision(self) -> list[str]:
        """Helm's records, as name and resourceVersion."""
        found = revisions(self.cluster, RELEASE, self.namespace)
        return [f"{each['metadata']['name']}@{each['metadata']['resourceVersion']}" for each in found]

    def judge(self, *objects: Object) -> float | None:
        """As a message of the watcher's does; without objects, all of them."""
        return judging.judge(self.cluster, self.store.name, objects or None)

    def heal(self) -> bool:
        """Run the heal that was begun; false when there is none."""
        work = Operation.objects.filter(store=self.store, kind=OperationKind.HEAL, state=OperationState.RUNNING).first()
        return work is not None and run_link(work.pk, "heal", ACTIONS[OperationKind.HEAL])

    def open(self) -> list[Finding]:
        return list(findings.open_of(self.store))

    def events(self) -> list[str]:
        return list(self.store.events.order_by("id").values_list("type", flat=True))

    def condition(self) -> tuple[str, str]:
        found = self.store.conditions.get(type="Drifted")
        return found.status, found.reason


def _version(found: Manifest) -> tuple[str, Any]:
    """`resourceVersion` moves with a status too; generation, spec and managers tell whether anybody else wrote."""
    metadata = found["metadata"]
    managed = [
        (entry["manager"], entry["operation"], entry["time"])
        for entry in metadata.get("managedFields", [])
        if entry.get("subresource") != "status"
    ]
    stable = metadata["resourceVersion"] if "status" not in found else metadata.get("generation")
    return metadata["uid"], (stable, managed)


def born(cluster: Cluster, **fields: Any) -> Shop:
    """A store that was just born; its workloads may still be starting, which is nobody's drift."""
    begun = operation(StoreFactory(volume_size="1Gi", **fields))
    for step in ("namespace", "helm"):
        assert run_link(begun.pk, step, ACTIONS[OperationKind.PROVISION])
    until(lambda: _is_bound(cluster, begun.store), "the volume claim to be bound")
    claimed.remember(cluster, begun.store)
    transitions.end(begun, OperationState.SUCCEEDED)
    Store.objects.filter(pk=begun.store_id).update(phase=Phase.READY, ready_at=timezone.now())
    return Shop(cluster, Store.objects.get(pk=begun.store_id))


def _is_bound(cluster: Cluster, store: Store) -> bool:
    found = cluster.get(kinds.PERSISTENT_VOLUME_CLAIM, "data-postgres-0", store.namespace)
    return found is not None and bool(found["spec"].get("volumeName"))
