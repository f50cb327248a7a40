"""Helm's sentences, as Helm 4.2 and the API server really say them, become one kind of error each."""

from __future__ import annotations

import pytest

from provisioner.helm import (
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
from provisioner.helm.errors import sorted_error


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        ("RELEASE", "another operation (install/upgrade/rollback) is in progress", ReleaseBusy),
        ("RELEASE", "release: already exists", ReleaseBusy),
        ("RELEASE", "cannot reuse a name that is still in use", ReleaseExists),
        ("", "Error: INSTALLATION FAILED: cannot re-use a name that is still in use", ReleaseExists),
        ("NOT_FOUND", "release: not found", ReleaseNotFound),
        ("", "Error: uninstall: Release not loaded: store: release: not found", ReleaseNotFound),
        ("RELEASE", '"store" has no deployed releases', ReleaseNotFound),
        ("CHART_LOAD", "Chart.yaml file is missing", ChartInvalid),
        ("VALUES", "values don't meet the specifications of the schema(s) in the following chart(s)", ChartInvalid),
        ("RENDER", "nil pointer evaluating interface {}.name", ChartInvalid),
        ("", "Error: template: medusa/templates/a.yaml:1:2: executing", ChartInvalid),
        ("", 'resource mapping not found for name: "x": no matches for kind "Foo"', ChartInvalid),
        ("RELEASE", "Deployment in version v1 cannot be handled: error validating data: unknown field", ChartInvalid),
        ("RELEASE", "failed to create typed patch object: .spek: field not declared in schema", ChartInvalid),
        ("KUBE", 'kubernetes cluster unreachable: Get "http://127.0.0.1:1/version"', ClusterUnreachable),
        ("RELEASE", "Get https://10.0.0.1: dial tcp 10.0.0.1:443: connect: connection refused", ClusterUnreachable),
        ("RELEASE", "net/http: TLS handshake timeout", ClusterUnreachable),
        ("RELEASE", "etcdserver: request timed out", ClusterUnreachable),
        ("RELEASE", "the server is currently unable to handle the request", ClusterUnreachable),
        ("RELEASE", "client rate limiter Wait: Too Many Requests", ClusterUnreachable),
        ("RELEASE", "Internal error occurred: failed calling webhook", ClusterUnreachable),
        ("CANCELLED", "", HelmTimeout),
        ("RELEASE", "timed out waiting for the condition", HelmTimeout),
        ("RELEASE", "context deadline exceeded", HelmTimeout),
        ("RELEASE", 'services "x" is forbidden: exceeded quota: store', QuotaExceeded),
        ("RELEASE", 'pods "x" is forbidden: violates PodSecurity', ClusterRefused),
        (
            "RELEASE",
            'secrets is forbidden: User "system:serviceaccount:n:x" cannot list resource',
            AccessDenied,
        ),
        ("RELEASE", "query: failed to query with labels: Unauthorized", AccessDenied),
        ("RELEASE", 'services "x" is forbidden: not yet ready to handle request', ClusterUnreachable),
        ("RELEASE", 'Deployment.apps "x" is invalid: spec.selector: field is immutable', ClusterRefused),
        ("RELEASE", 'admission webhook "x" denied the request', ClusterRefused),
        (
            "RELEASE",
            'configmaps "x" is forbidden: unable to create new content in namespace n because it is being terminated',
            NamespaceTerminating,
        ),
        ("UNKNOWN", "something new", HelmFailed),
        ("", "", HelmFailed),
    ],
)
def test_what_helm_says_is_sorted(code: str, said: str, kind: type[HelmError]) -> None:
    error = sorted_error("upgrade", "store", said, code)
    assert type(error) is kind
    assert error.message.startswith('Helm could not upgrade release "store": ')
    assert "Error:" not in error.message


def test_only_what_may_change_by_itself_is_tried_again() -> None:
    passing = {kind for kind in HelmError.__subclasses__() if kind.passing}
    assert passing == {ReleaseBusy, NamespaceTerminating, ClusterUnreachable, HelmTimeout}


def test_a_long_sentence_is_cut_to_one_line() -> None:
    message = sorted_error("install", "store", "a\nb" + "x" * 10_000).message
    assert "\n" not in message
    assert len(message) < 600
