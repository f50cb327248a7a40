"""A Kubernetes gateway in memory, with the interface of `provisioner.cluster.Cluster`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from provisioner.cluster import ClusterError, Kind, Manifest, NotFound, Predicate, kind_of
from provisioner.cluster.kinds import NAMESPACE, STORE
from tests.simulation.objects import Objects
from tests.simulation.processes import checkpoint, here
from tests.simulation.referee import Referee

T = TypeVar("T")
_APPLY = {"operation": "Apply"}


@dataclass(frozen=True)
class Fault:
    """An error at the next request of a worker; `late` when the request is carried out and only its answer is lost."""

    error: ClusterError
    late: bool = False


class SimCluster:
    """One worker is at work in it at a time; each request is a place where that one may pause or die."""

    def __init__(self, objects: Objects, referee: Referee, trace: Callable[[str], None]) -> None:
        self.faults: list[Fault] = []
        self._objects, self._referee, self._trace = objects, referee, trace

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Manifest | None:
        """See `Cluster.get`."""
        return self._read(f"get {kind.kind} {name}", lambda: self._objects.find(kind, name, namespace))

    def list(
        self, kind: Kind, namespace: str | None = None, *, label_selector: str = "", limit: int = 500
    ) -> Iterator[Manifest]:
        """See `Cluster.list`."""
        assert limit > 0
        return iter(
            self._read(f"list {kind.plural}", lambda: list(self._objects.every(kind, namespace, label_selector)))
        )

    def wait_for(
        self, kind: Kind, name: str, namespace: str | None, predicate: Predicate, *, timeout: float
    ) -> Manifest | None:
        """See `Cluster.wait_for`. The time-out comes at the second look: it costs no time of the clock."""
        for again in range(2 if timeout > 0 else 1):
            asked = f"wait{' on' * again} for {kind.kind} {name}"
            seen = self._read(asked, lambda: self._objects.find(kind, name, namespace))
            if predicate(seen):
                return seen or {}
        return None

    def wait_gone(self, kind: Kind, name: str, namespace: str | None = None, *, timeout: float) -> bool:
        """See `Cluster.wait_gone`."""
        return self.wait_for(kind, name, namespace, lambda seen: seen is None, timeout=timeout) is not None

    def apply(
        self,
        manifest: Manifest,
        *,
        force: bool = True,
        field_manager: str = "storeplane",
        dry_run: bool = False,
        subresource: str = "",
    ) -> Manifest:
        """See `Cluster.apply`."""
        assert not dry_run
        kind, metadata = kind_of(manifest), manifest["metadata"]
        found = self._objects.find(kind, metadata["name"], metadata.get("namespace"))
        if subresource and found is None:
            raise NotFound(f"{metadata['name']} is not there", code=404)
        if subresource:
            return self._write("apply", manifest, lambda: self._objects.put_status(manifest))
        if kind == STORE:
            assert force or found is None, "nobody else writes these here, so there is nothing to conflict with"
            # Whose it is; the other kinds' fields are never asked for their owner.
            manifest = {**manifest, "metadata": {**metadata, "managedFields": [{"manager": field_manager, **_APPLY}]}}
        return self._write("apply", manifest, lambda: self._objects.put(manifest))

    def create(self, manifest: Manifest, *, field_manager: str = "storeplane", dry_run: bool = False) -> Manifest:
        """See `Cluster.create`."""
        assert not dry_run
        return self._write("create", manifest, lambda: self._objects.put(manifest, new=True))

    def replace(self, manifest: Manifest, *, subresource: str = "") -> Manifest:
        """See `Cluster.replace`."""
        assert not subresource
        return self._write("replace", manifest, lambda: self._objects.put(manifest, exact=True))

    def patch_merge(
        self, kind: Kind, name: str, namespace: str | None, patch: Manifest, *, subresource: str = ""
    ) -> Manifest:
        """See `Cluster.patch_merge`."""
        assert not subresource
        found = self._objects.find(kind, name, namespace)
        if found is None:
            raise NotFound(f"{name} is not there", code=404)
        whole = {**patch, "apiVersion": kind.api_version, "kind": kind.kind}
        whole["metadata"] = {
            **patch.get("metadata", {}),
            "name": name,
            **({"namespace": namespace} if namespace else {}),
        }
        return self._write("patch", whole, lambda: self._objects.put(whole))

    def delete(
        self,
        kind: Kind,
        name: str,
        namespace: str | None = None,
        *,
        propagation: str = "Background",
        uid: str | None = None,
    ) -> bool:
        """See `Cluster.delete`."""
        assert propagation == "Background"

        def act() -> bool:
            found = self._objects.find(kind, name, namespace)
            if found is None or (uid and found["metadata"]["uid"] != uid):
                return False
            self._objects.mark(kind, name, namespace)
            self._acted("delete", kind, name, namespace or "")
            return True

        return self._ask(f"delete {kind.kind} {name}", act, mutates=True)

    def _write(self, verb: str, manifest: Manifest, act: Callable[[], tuple[Manifest, bool]]) -> Manifest:
        kind, metadata = kind_of(manifest), manifest["metadata"]

        def judged() -> Manifest:
            before = self._objects.find(kind, metadata["name"], metadata.get("namespace"))
            result, changed = act()
            if changed:
                done = "create" if before is None else verb
                self._acted(done, kind, metadata["name"], metadata.get("namespace", ""))
            return result

        return self._ask(f"{verb} {kind.kind} {metadata['name']}", judged, mutates=True)

    def _acted(self, verb: str, kind: Kind, name: str, namespace: str) -> None:
        self._trace(f"{verb} {kind.kind} {namespace}/{name}" if kind != NAMESPACE else f"{verb} Namespace {name}")
        self._referee.acted(verb, kind, name, namespace)

    def _read(self, asked: str, act: Callable[[], T]) -> T:
        return self._ask(asked, act, mutates=False)

    def _ask(self, asked: str, act: Callable[[], T], *, mutates: bool) -> T:
        checkpoint(f"before {asked}", about_to_act=mutates)
        fault = self.faults.pop(0) if self.faults and here() is not None else None
        if fault is not None:
            self._trace(f"{type(fault.error).__name__} {'after' if fault.late else 'instead of'} {asked}")
        if fault is not None and not fault.late:
            raise fault.error
        result = act()
        if fault is not None:
            raise fault.error
        if mutates:
            checkpoint(f"after {asked}")
        return result
