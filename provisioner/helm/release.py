"""A Helm release as the platform sees it, and what can be done to one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from provisioner.cluster import Manifest

Values = Mapping[str, Any]

DEADLINE = 60.0
"""Seconds an action may take. Without wait, Helm needs 0.5 s on an idle machine, so this means a hung server."""

TAKEN_UP = frozenset({"deployed", "failed", "superseded"})
"""The states from which Helm's upgrade works."""

_PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})


@dataclass(frozen=True)
class Release:
    """The newest revision of a release. Times are RFC 3339 as Helm writes them."""

    name: str
    namespace: str
    revision: int
    status: str
    """Helm's word: deployed, failed, superseded, pending-install, pending-upgrade, pending-rollback, uninstalling."""
    chart: str
    chart_version: str
    app_version: str
    description: str
    values_digest: str
    last_deployed: str
    ever_deployed: bool
    """Whether any stored revision was ever live: such a release is never uninstalled to repair it."""
    uid: str = ""
    """Of the record in the cluster: unlike a revision's number it never comes again."""

    @property
    def pending(self) -> bool:
        """An action is going on, or died in the middle."""
        return self.status in _PENDING


class Helm(Protocol):
    """Helm's verbs. Everything that acts takes a `deadline` in seconds and raises a HelmError.

    Values never hold a secret. There is one writer for each release at a time: that is the caller's duty.
    """

    def status(self, release: str, namespace: str) -> Release | None:
        """The newest revision, or None when there is no release. Raises a ClusterError."""

    def history(self, release: str, namespace: str) -> list[Release]:
        """All stored revisions, oldest first. Raises a ClusterError."""

    def manifest(self, release: str, namespace: str) -> list[Manifest]:
        """The objects of the newest revision, as Helm applied them; empty when there is no release."""

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
        """Installs without waiting for readiness. Raises ReleaseExists when there is any revision already."""

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
        """Upgrades without waiting, taking back fields that others changed. Also repairs a failed first install."""

    def rollback(self, release: str, namespace: str, *, revision: int = 0, deadline: float = DEADLINE) -> Release:
        """Makes a new revision from an older one (0: the one before)."""

    def uninstall(self, release: str, namespace: str, *, deadline: float = DEADLINE) -> bool:
        """Removes the release and its history; volumes of StatefulSets stay. False when there was none."""

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
        """What the chart renders to at an install or an upgrade, checked against its schema; no cluster is asked."""


def values_digest(values: Values) -> str:
    """A fingerprint of values, the same for the same content in any order of keys."""
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
