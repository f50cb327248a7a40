"""What the API server still knows of a hook that Helm has taken away when it was done: the changes since a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from provisioner.cluster import Cluster, Kind, Manifest, WatchEvent
from provisioner.cluster.kinds import DEPLOYMENT, JOB, POD
from tests.installed.platform import PATIENCE_SECONDS, RELEASE, SPACE

NAME = f"{RELEASE}-prepare"
ANNOTATION = "helm.sh/hook"
OF_THE_JOB = f"batch.kubernetes.io/job-name={NAME}"


@dataclass(frozen=True)
class Moment:
    """A state of the cluster, by its resourceVersion; those of one server are in the order of its writes."""

    cluster: Cluster
    version: str
    generations: Mapping[str, int]
    """Of the Deployments by name: another one is another spec."""

    def first(self, kind: Kind, wanted: Callable[[WatchEvent], bool]) -> WatchEvent:
        """The first change since then that is wanted."""
        changes = self.cluster.watch(kind, SPACE, resource_version=self.version, timeout=PATIENCE_SECONDS)
        found = next(filter(wanted, changes), None)
        assert found is not None, f"no such change of a {kind.kind} since {self.version}"
        return found

    def job_done(self) -> WatchEvent:
        """The Job of the hook when it was complete."""
        return self.first(JOB, lambda event: is_complete(event.object))

    def pods_changed(self) -> WatchEvent:
        """The first Deployment that was made, or whose spec was changed, since then."""

        def is_new(event: WatchEvent) -> bool:
            meta = event.object["metadata"]
            return event.type != "BOOKMARK" and bool(meta["generation"] > self.generations.get(meta["name"], 0))

        return self.first(DEPLOYMENT, is_new)


def now(cluster: Cluster) -> Moment:
    """This moment."""
    seen = cluster.listing(DEPLOYMENT, SPACE)
    generations = {each["metadata"]["name"]: each["metadata"]["generation"] for each in seen.items}
    return Moment(cluster, seen.resource_version, generations)


def is_complete(job: Manifest) -> bool:
    conditions = job.get("status", {}).get("conditions", [])
    return any(each["type"] == "Complete" and each["status"] == "True" for each in conditions)


def tries(cluster: Cluster) -> list[Manifest]:
    """The pods of the Job: each try is one."""
    return list(cluster.list(POD, SPACE, label_selector=OF_THE_JOB))
