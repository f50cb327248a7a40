"""Pod Security Standards."""

from typing import Any

import pytest

from sandbox.api.admission.podsecurity import violations

GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {"name": "a", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}
    ],
}


def changed(container: dict[str, Any] | None = None, security: dict[str, Any] | None = None, **spec: Any) -> Any:
    only = GOOD["containers"][0]
    merged = {**only, **(container or {}), "securityContext": {**only["securityContext"], **(security or {})}}
    return {**GOOD, "containers": [merged], **spec}


def test_a_restricted_pod_is_fine_everywhere() -> None:
    for level in ("privileged", "baseline", "restricted"):
        assert violations(level, GOOD) == []


@pytest.mark.parametrize(
    ("level", "spec", "told"),
    [
        ("baseline", changed(hostPID=True), "host namespaces (hostPID=true)"),
        (
            "baseline",
            changed(volumes=[{"name": "v", "hostPath": {"path": "/"}}]),
            'hostPath volumes (volume "v")',
        ),
        (
            "baseline",
            changed(container={"ports": [{"containerPort": 1, "hostPort": 80}]}),
            'hostPort (container "a" uses hostPort 80)',
        ),
        (
            "baseline",
            changed(security={"privileged": True}),
            'privileged (container "a" must not set securityContext.privileged=true)',
        ),
        (
            "baseline",
            changed(security={"seccompProfile": {"type": "Unconfined"}}),
            'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            "restricted",
            changed(security={"capabilities": {"drop": ["ALL"], "add": ["CHOWN"]}}),
            'unrestricted capabilities (container "a" must not include "CHOWN" in securityContext.capabilities.add)',
        ),
        (
            "restricted",
            changed(volumes=[{"name": "v", "nfs": {"server": "x", "path": "/"}}]),
            'restricted volume types (volume "v" uses restricted volume type "nfs")',
        ),
        ("restricted", changed(security={"runAsUser": 0}), 'runAsUser=0 (container "a" must not set runAsUser=0)'),
        (
            "restricted",
            changed(security={"runAsNonRoot": False}),
            'runAsNonRoot != true (container "a" must not set securityContext.runAsNonRoot=false)',
        ),
    ],
)
def test_a_violation_is_told_as_kubernetes_tells_it(level: str, spec: Any, told: str) -> None:
    assert violations(level, spec) == [told]
