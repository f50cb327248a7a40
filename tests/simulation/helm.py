"""Helm 4 as the platform meets it: a program that keeps records, applies objects in between, and may die anywhere.

The rules are those of Helm's own `pkg/action` (install, upgrade, uninstall), as far as the platform can meet them.
"""

from collections.abc import Callable
from typing import Any

import yaml

from provisioner.cluster import ClusterError, Kind, Manifest
from provisioner.cluster.kinds import DEPLOYMENT, SECRET, STATEFUL_SET
from provisioner.helm.actions import Action
from provisioner.helm.errors import HelmError, HelmFailed, HelmTimeout, sorted_error
from provisioner.helm.storage import decode, encode, release_manifest, status_of
from provisioner.values import chart_version
from tests.simulation.objects import Objects
from tests.simulation.processes import Process, checkpoint, here
from tests.simulation.referee import Referee

WORKLOADS: tuple[tuple[Kind, str], ...] = (
    (STATEFUL_SET, "postgres"),
    (DEPLOYMENT, "backend"),
    (DEPLOYMENT, "storefront"),
)
PENDING = {"install": "pending-install", "upgrade": "pending-upgrade"}
TIMEOUT = "timeout"
"""A fault of its own: Helm is killed at its deadline. Any other is a sentence of the API server's to Helm."""


class SimHelm:
    """A `provisioner.helm.actions.Runner`. `faults` are met in the middle of the next actions."""

    def __init__(self, objects: Objects, referee: Referee, trace: Callable[[str], None]) -> None:
        self.faults: list[str] = []
        self._objects, self._referee, self._trace = objects, referee, trace

    def run(self, action: Action) -> str:
        """See `Runner.run`."""
        process = here()
        assert process is not None, "Helm is run by workers alone"
        checkpoint(f"before helm {action.verb}", about_to_act=True)
        process.in_helm, process.abandoned = action.namespace, False
        try:
            {"install": self._install, "upgrade": self._upgrade, "uninstall": self._uninstall}[action.verb](action)
        except ClusterError as error:
            raise sorted_error(action.verb, action.release, error.message) from None
        finally:
            process.in_helm = ""
        self._trace(f"helm {action.verb} {action.namespace} done")
        checkpoint(f"after helm {action.verb}")
        return ""

    def _install(self, action: Action) -> None:
        if self._revisions(action):
            raise _said(action, "cannot re-use a name that is still in use")
        self._deploy(action, 1)

    def _upgrade(self, action: Action) -> None:
        revisions = self._revisions(action)
        states = [status_of(each) for each in revisions]
        if not revisions:
            raise _said(action, f'"{action.release}" has no deployed releases')
        if states[-1].startswith("pending-"):
            raise _said(action, "another operation (install/upgrade/rollback) is in progress")
        if "deployed" not in states and states[-1] not in ("superseded", "failed"):
            raise _said(action, f'"{action.release}" has no deployed releases')
        self._deploy(action, _number(revisions[-1]) + 1)
        for each in revisions:
            if status_of(each) == "deployed":
                self._set_status(each, "superseded")

    def _deploy(self, action: Action, revision: int) -> None:
        """Write the pending record, apply, and say how it ended; whoever dies in between leaves it pending."""
        record = self._record(action, revision)
        self._touch(action, "pending")
        secret = self._objects.put(record, new=True)[0]
        self._pause(action, "has its pending record")
        fault = self.faults.pop(0) if self.faults else ""
        for index, manifest in enumerate(release_manifest(secret)):
            if index == 1:
                self._pause(action, "has applied half")
                self._meet(action, secret, fault)
            self._touch(action, "apply")
            self._objects.put(manifest)
        self._pause(action, "has applied all")
        self._touch(action, "deployed")
        self._set_status(secret, "deployed")

    def _meet(self, action: Action, secret: Manifest, fault: str) -> None:
        if fault == TIMEOUT:
            raise HelmTimeout("Helm was stopped after 60 s without an answer from the cluster.")
        if fault:
            self._touch(action, "failed")
            self._set_status(secret, "failed")
            raise _said(action, fault)

    def _uninstall(self, action: Action) -> None:
        revisions = self._revisions(action)
        if not revisions:
            raise _said(action, f"uninstall: Release not loaded: {action.release}: release: not found")
        process = self._touch(action, "uninstalling")
        self._referee.only_in_teardown(process, "helm uninstall", action.namespace)
        self._set_status(revisions[-1], "uninstalling")
        self._pause(action, "says uninstalling")
        for kind, name in WORKLOADS:
            self._touch(action, "remove")
            self._objects.mark(kind, name, action.namespace)
        for revision in revisions:
            self._pause(action, "removes its records")
            self._touch(action, "purge")
            self._objects.mark(SECRET, revision["metadata"]["name"], action.namespace)

    def _pause(self, action: Action, where: str) -> None:
        checkpoint(f"helm {action.verb} {where}")
        process = here()
        assert process is not None
        if process.abandoned:
            raise HelmFailed(f'Helm died in {action.verb} of release "{action.release}" (-9): it wrote nothing')

    def _touch(self, action: Action, what: str) -> Process:
        process = here()
        assert process is not None
        self._referee.exclusive(process, f"helm {action.verb} {action.namespace}: {what}")
        return process

    def _revisions(self, action: Action) -> list[Manifest]:
        found = self._objects.every(SECRET, action.namespace, f"owner=helm,name={action.release}")
        return sorted(found, key=_number)

    def _set_status(self, secret: Manifest, status: str) -> None:
        """As Helm does it: by name, whatever others have made of the record meanwhile."""
        record = decode(secret)
        record["info"]["status"] = status
        labels = {**secret["metadata"]["labels"], "status": status}
        metadata = {**secret["metadata"], "labels": labels}
        del metadata["resourceVersion"]
        self._objects.put({**secret, "metadata": metadata, "data": {"release": encode(record)}}, exact=True)
        self._trace(f"release {metadata['namespace']} v{_number(secret)} {status}")

    def _record(self, action: Action, revision: int) -> Manifest:
        status = PENDING[action.verb]
        chart = {"metadata": {"name": action.chart.name, "version": chart_version(action.chart)}}
        record: dict[str, Any] = {
            "name": action.release,
            "namespace": action.namespace,
            "version": revision,
            "info": {"status": status},
            "chart": chart,
            "config": dict(action.values),
            "manifest": yaml.dump_all(rendered(action)),
        }
        labels = {"owner": "helm", "name": action.release, "status": status, "version": str(revision)}
        name = f"sh.helm.release.v1.{action.release}.v{revision}"
        self._trace(f"release {action.namespace} v{revision} {status}")
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": action.namespace, "labels": labels},
            "type": "helm.sh/release.v1",
            "data": {"release": encode(record)},
        }


def rendered(action: Action) -> list[Manifest]:
    """The chart's workloads, as far as the platform looks at them; the plan shows in their spec."""
    return [
        {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": {"name": name},
            "spec": {"replicas": 1, "resources": action.values["resources"][name]},
        }
        for kind, name in WORKLOADS
    ]


def _said(action: Action, sentence: str) -> HelmError:
    return sorted_error(action.verb, action.release, sentence)


def _number(secret: Manifest) -> int:
    return int(secret["metadata"]["labels"]["version"])
