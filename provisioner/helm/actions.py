"""Helm's verbs: what reads looks into Helm's records, what acts is handed to a program of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import yaml

from config import tracing
from provisioner.cluster import Cluster, Manifest
from provisioner.helm import storage
from provisioner.helm.errors import ChartInvalid, HelmFailed, ReleaseNotFound
from provisioner.helm.release import DEADLINE, Release, Values

Verb = Literal["install", "upgrade", "rollback", "uninstall", "template"]


@dataclass(frozen=True)
class Action:
    """One thing for Helm to do. `deadline` in seconds; `revision` is for a rollback, 0 meaning the one before;
    `as_upgrade` is for a template, which is an install's otherwise."""

    verb: Verb
    release: str
    namespace: str
    deadline: float
    chart: Path = Path()
    values: Values = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    revision: int = 0
    as_upgrade: bool = False


class Runner(Protocol):
    """Carries out one action in a process of its own, killed at the deadline."""

    def run(self, action: Action) -> str:
        """What a `template` rendered, else nothing of use. Raises a HelmError."""


class ReleaseActions:
    """`Helm`, with any program that can act and the cluster gateway for everything that only reads."""

    def __init__(self, cluster: Cluster, runner: Runner) -> None:
        self._cluster, self._runner = cluster, runner

    def status(self, release: str, namespace: str) -> Release | None:
        """See `Helm.status`."""
        return storage.release_of(storage.revisions(self._cluster, release, namespace))

    def history(self, release: str, namespace: str) -> list[Release]:
        """See `Helm.history`."""
        secrets = storage.revisions(self._cluster, release, namespace)
        found = (storage.release_of(secrets[: index + 1]) for index in range(len(secrets)))
        return [one for one in found if one is not None]

    def manifest(self, release: str, namespace: str) -> list[Manifest]:
        """See `Helm.manifest`."""
        secrets = storage.revisions(self._cluster, release, namespace)
        return storage.release_manifest(secrets[-1]) if secrets else []

    def install(
        self,
        release: str,
        namespace: str,
        chart: Path,
        values: Values,
        *,
        labels: Mapping[str, str] | None = None,
        description: str = "",
        deadline: float = DEADLINE,
    ) -> Release:
        """See `Helm.install`."""
        return self._changed(
            Action("install", release, namespace, deadline, chart, values, labels or {}, description),
        )

    def upgrade(
        self,
        release: str,
        namespace: str,
        chart: Path,
        values: Values,
        *,
        labels: Mapping[str, str] | None = None,
        description: str = "",
        deadline: float = DEADLINE,
    ) -> Release:
        """See `Helm.upgrade`."""
        return self._changed(
            Action("upgrade", release, namespace, deadline, chart, values, labels or {}, description),
        )

    def rollback(self, release: str, namespace: str, *, revision: int = 0, deadline: float = DEADLINE) -> Release:
        """See `Helm.rollback`."""
        return self._changed(Action("rollback", release, namespace, deadline, revision=revision))

    def uninstall(self, release: str, namespace: str, *, deadline: float = DEADLINE) -> bool:
        """See `Helm.uninstall`."""
        try:
            self._run(Action("uninstall", release, namespace, deadline))
        except ReleaseNotFound:
            return False
        return True

    def template(
        self,
        release: str,
        namespace: str,
        chart: Path,
        values: Values,
        *,
        upgrade: bool = False,
        deadline: float = DEADLINE,
    ) -> list[Manifest]:
        """See `Helm.template`."""
        rendered = self._run(Action("template", release, namespace, deadline, chart, values, as_upgrade=upgrade))
        try:
            return storage.manifests(rendered)
        except yaml.YAMLError as error:
            raise ChartInvalid(f"The chart {chart.name} renders to something that is not YAML: {error}") from None

    def _changed(self, action: Action) -> Release:
        self._run(action)
        outcome = self.status(action.release, action.namespace)
        if outcome is None:
            raise HelmFailed(f'Helm succeeded, but release "{action.release}" is not there any more.')
        return outcome

    def _run(self, action: Action) -> str:
        # Never the values: what is secret isn't among them, but that is a promise of another place.
        attributes: tracing.Attributes = {
            "helm.release": action.release,
            "helm.chart": action.chart.name,
            "helm.deadline_seconds": action.deadline,
            "k8s.namespace.name": action.namespace,
        }
        with tracing.span(f"helm {action.verb}", attributes, kind="client"):
            return self._runner.run(action)
