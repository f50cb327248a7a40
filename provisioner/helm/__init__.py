"""The one door to Helm: `helm()` gives its verbs.

One action is one child process with a deadline (docs/adr: a hung call can only be killed). Only `child.py` imports
Helm's library; `STOREPLANE_HELM=/path/to/helm` puts the real program in its place.
"""

from __future__ import annotations

import os
from functools import cache

from provisioner.cluster import cluster
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.errors import (
    AccessDenied,
    ChartInvalid,
    ClusterRefused,
    ClusterUnreachable,
    HelmError,
    HelmFailed,
    HelmTimeout,
    NamespaceTerminating,
    QuotaExceeded,
    ReleaseBusy,
    ReleaseExists,
    ReleaseNotFound,
)
from provisioner.helm.process import abandon
from provisioner.helm.release import DEADLINE, TAKEN_UP, Helm, Release, Values, values_digest
from provisioner.helm.runners import HelmChild, HelmProgram
from provisioner.helm.storage import mark_failed, release_manifest


@cache
def helm() -> Helm:
    """Helm for the cluster of this process. Nothing is started until an action is asked for."""
    program = os.environ.get("STOREPLANE_HELM")
    return ReleaseActions(cluster(), HelmProgram(program) if program else HelmChild())


__all__ = [
    "DEADLINE",
    "TAKEN_UP",
    "AccessDenied",
    "ChartInvalid",
    "ClusterRefused",
    "ClusterUnreachable",
    "Helm",
    "HelmError",
    "HelmFailed",
    "HelmTimeout",
    "NamespaceTerminating",
    "QuotaExceeded",
    "Release",
    "ReleaseBusy",
    "ReleaseExists",
    "ReleaseNotFound",
    "Values",
    "abandon",
    "helm",
    "mark_failed",
    "release_manifest",
    "values_digest",
]
