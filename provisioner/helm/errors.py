"""What can go wrong in a Helm action, sorted once from what Helm says.

Helm's errors are sentences, not codes, so they are told apart by the words of Helm 3.17 to 4.2. What is not recognised
is HelmFailed: unknown, to be tried again a limited number of times.
"""

from __future__ import annotations

from typing import ClassVar

_LONGEST_MESSAGE = 500


class HelmError(Exception):
    """The base of all. `message` is one sentence for people, without values or manifests in it."""

    passing: ClassVar[bool] = False
    """Whether the very same action may succeed later, with nothing changed by us."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ReleaseNotFound(HelmError):
    """There is no such release (or no such revision)."""


class ReleaseExists(HelmError):
    """An install found a release of that name: look at it and decide anew."""


class ReleaseBusy(HelmError):
    """Another action on this release is going on, or died and left it `pending-*`."""

    passing = True


class ChartInvalid(HelmError):
    """The chart does not load or render, or the values break its schema."""


class ClusterRefused(HelmError):
    """The API server will not take one of the chart's objects: invalid, over quota or not allowed."""


class AccessDenied(HelmError):
    """The API server doesn't know us, or no role that lets us: for good, or as long as it has only just started."""


class QuotaExceeded(ClusterRefused):
    """A ResourceQuota of the namespace has no room for one of the chart's objects."""


class NamespaceTerminating(HelmError):
    """The namespace is still going away; wait until it is gone."""

    passing = True


class ClusterUnreachable(HelmError):
    """Helm could not speak to the API server, or was sent away for a while."""

    passing = True


class HelmTimeout(HelmError):
    """The action was killed at its deadline, or gave up waiting. The release may be left `pending-*`."""

    passing = True


class HelmFailed(HelmError):
    """Helm failed in a way that is not recognised."""


_BY_CODE: dict[str, type[HelmError]] = {
    "NOT_FOUND": ReleaseNotFound,
    "CHART_LOAD": ChartInvalid,
    "CHART_INVALID": ChartInvalid,
    "VALUES": ChartInvalid,
    "RENDER": ChartInvalid,
    "CANCELLED": HelmTimeout,
}

# In order: the first row with a phrase in Helm's (lower-cased) sentence wins, so the more telling rows come first.
_BY_PHRASE: tuple[tuple[type[HelmError], tuple[str, ...]], ...] = (
    (ReleaseBusy, ("another operation", "release: already exists")),
    (ReleaseExists, ("cannot re-use a name", "cannot reuse a name")),
    (ReleaseNotFound, ("release: not found", "has no deployed releases", "release not loaded", "no revision")),
    (NamespaceTerminating, ("because it is being terminated",)),
    (
        ClusterUnreachable,
        (
            "unreachable",
            "connection refused",
            "connection reset",
            "no route to host",
            "no such host",
            "i/o timeout",
            "tls handshake timeout",
            "unexpected eof",
            ": eof",
            "client.timeout",
            "http2:",
            "etcdserver",
            "currently unable to handle the request",
            "too many requests",
            "internal error occurred",
            "service unavailable",
            "not yet ready to handle request",
        ),
    ),
    (HelmTimeout, ("timed out waiting", "context deadline exceeded", "context canceled")),
    (
        ChartInvalid,
        (
            "values don't meet the specifications",
            "execution error at",
            "parse error",
            "template:",
            "chart.yaml file is missing",
            "error converting yaml",
            "resource mapping not found",
            "error validating data",
            "not declared in schema",
            "unknown field",
            "chart not found",
        ),
    ),
    (QuotaExceeded, ("exceeded quota",)),
    (AccessDenied, ('is forbidden: user "', "unauthorized", "asked for the client to provide credentials")),
    (ClusterRefused, ("is forbidden", "is invalid", "admission webhook", "denied the request")),
)


def sorted_error(action: str, release: str, said: str, code: str = "") -> HelmError:
    """The error for a failed action: `said` is Helm's sentence, `code` the library's own name for it, if any."""
    sentence = " ".join(said.split()).removeprefix("Error: ")
    kind = _BY_CODE.get(code) or _by_phrase(sentence.lower())
    if len(sentence) > _LONGEST_MESSAGE:
        sentence = sentence[: _LONGEST_MESSAGE - 1] + "…"
    return kind(f'Helm could not {action} release "{release}": {sentence or "it gave no reason"}')


def _by_phrase(sentence: str) -> type[HelmError]:
    for kind, phrases in _BY_PHRASE:
        if any(phrase in sentence for phrase in phrases):
            return kind
    return HelmFailed
