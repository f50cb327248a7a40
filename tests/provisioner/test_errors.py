"""Every error that a step can meet, sorted."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, InterfaceError, OperationalError

from provisioner import cluster as kube
from provisioner import helm
from provisioner.errors import sort
from provisioner.operations.retries import ErrorKind

PASSING, PERMANENT, UNKNOWN = ErrorKind.PASSING, ErrorKind.PERMANENT, ErrorKind.UNKNOWN
SAID = "The cluster said so."

CASES: dict[str, tuple[Exception, ErrorKind]] = {
    "no answer": (kube.Unavailable(SAID), PASSING),
    "429": (kube.Throttled(SAID, retry_after=7), PASSING),
    "409": (kube.Conflict(SAID), PASSING),
    "410": (kube.Expired(SAID), PASSING),
    "somebody was quicker to make it": (kube.AlreadyExists(SAID), PASSING),
    "it was deleted meanwhile": (kube.NotFound(SAID), PASSING),
    "its namespace is going away": (kube.Terminating(SAID), PASSING),
    "an object that is never taken": (kube.Invalid(SAID), PERMANENT),
    "no permission, or an API server that has yet to read its roles": (kube.AccessDenied(SAID), UNKNOWN),
    "not admitted": (kube.Forbidden(SAID), PERMANENT),
    "the namespace's quota": (kube.QuotaExceeded(SAID), PERMANENT),
    "no cluster is set": (kube.Unconfigured(SAID), PERMANENT),
    "Helm: somebody is at it": (helm.ReleaseBusy(SAID), PASSING),
    "Helm: no answer": (helm.ClusterUnreachable(SAID), PASSING),
    "Helm: killed at its deadline": (helm.HelmTimeout(SAID), PASSING),
    "Helm: its namespace is going away": (helm.NamespaceTerminating(SAID), PASSING),
    "Helm: a broken chart": (helm.ChartInvalid(SAID), PERMANENT),
    "Helm: refused by the API server": (helm.ClusterRefused(SAID), PERMANENT),
    "Helm: no permission, or not yet": (helm.AccessDenied(SAID), UNKNOWN),
    "Helm: the namespace's quota": (helm.QuotaExceeded(SAID), PERMANENT),
    "Helm: no such release": (helm.ReleaseNotFound(SAID), UNKNOWN),
    "Helm: there is one already": (helm.ReleaseExists(SAID), UNKNOWN),
    "Helm: not recognised": (helm.HelmFailed(SAID), UNKNOWN),
}
FOREIGN: dict[str, tuple[Exception, ErrorKind, str]] = {
    "the database is away": (
        OperationalError("host=db user=x password=hunter2"),
        PASSING,
        "The platform's database could not be reached.",
    ),
    "its connection was closed": (
        InterfaceError("hunter2"),
        PASSING,
        "The platform's database could not be reached.",
    ),
    "too slow": (SoftTimeLimitExceeded(90), PASSING, "The step took longer than a step may take."),
    "a bug": (
        KeyError("hunter2"),
        UNKNOWN,
        "An unexpected KeyError stopped the step; the platform's log has the details.",
    ),
    "a bug with the database": (
        IntegrityError("hunter2"),
        UNKNOWN,
        "An unexpected IntegrityError stopped the step; the platform's log has the details.",
    ),
}


@pytest.mark.parametrize(("error", "kind"), CASES.values(), ids=CASES.keys())
def test_an_error_of_ours_is_sorted_and_speaks_for_itself(error: Exception, kind: ErrorKind) -> None:
    failure = sort(error)

    assert (failure.kind, failure.reason, failure.message) == (kind, type(error).__name__, SAID)


@pytest.mark.parametrize(("error", "kind", "sentence"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_error_is_sorted_and_never_quoted(error: Exception, kind: ErrorKind, sentence: str) -> None:
    failure = sort(error)

    assert (failure.kind, failure.message) == (kind, sentence)


def test_a_server_that_says_when_is_heard() -> None:
    assert sort(kube.Throttled(SAID, retry_after=7)).retry_after == 7
    assert sort(kube.Unavailable(SAID)).retry_after is None
