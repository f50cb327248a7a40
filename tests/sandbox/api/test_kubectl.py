"""kubectl, the real program, sees a cluster."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.api.kubectl import Kubectl
from tests.sandbox.api.manifests import Obj, config_map, definition, deployment, widget
from tests.sandbox.api.serving import Served

if shutil.which("kubectl") is None and not os.environ.get("CI"):
    pytest.skip("kubectl is missing", allow_module_level=True)


@pytest.fixture
def kubectl(kubeconfig: Path, tmp_path: Path) -> Iterator[Kubectl]:
    """kubectl in a new namespace."""
    name = "k" + re.sub("[^a-z0-9]", "", tmp_path.name)[-40:]
    run = Kubectl(kubeconfig, tmp_path, name)
    run("create", "namespace", name)
    yield run
    run("delete", "namespace", name, "--wait=false")


def test_the_server_version_is_told(kubectl: Kubectl) -> None:
    assert "Server Version: v1.36" in kubectl("version")


def test_resources_are_listed_with_short_names(kubectl: Kubectl) -> None:
    rows = {line.split()[0]: line.split() for line in kubectl("api-resources", "--no-headers").splitlines()}
    assert rows["deployments"] == ["deployments", "deploy", "apps/v1", "true", "Deployment"]
    assert rows["namespaces"] == ["namespaces", "ns", "v1", "false", "Namespace"]


def test_get_prints_the_columns_of_a_cluster(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    header, row = kubectl("get", "deploy", "-o", "wide").splitlines()
    assert header.split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert row.split()[:4] == ["web", "0/1", "0", "0"]
    assert row.split()[5:] == ["web", "example.com/web:1", "app=web"]
    assert "deployment.apps/web" in kubectl("get", "all")


def test_apply_creates_leaves_alone_and_changes(kubectl: Kubectl) -> None:
    assert kubectl("apply", "-f", "-", manifest=deployment()) == "deployment.apps/web created\n"
    assert kubectl("apply", "-f", "-", manifest=deployment()) == "deployment.apps/web unchanged\n"
    changed = deployment(image="example.com/web:2")
    assert kubectl("apply", "-f", "-", manifest=changed) == "deployment.apps/web configured\n"
    assert kubectl.json("deploy", "web")["spec"]["template"]["spec"]["containers"][0]["image"] == "example.com/web:2"


def test_apply_removes_what_left_the_manifest(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=config_map("c", a="1", b="2"))
    kubectl("apply", "-f", "-", manifest=config_map("c", a="1"))
    assert kubectl.json("cm", "c")["data"] == {"a": "1"}


def test_apply_refuses_unknown_fields(kubectl: Kubectl) -> None:
    printed = kubectl("apply", "-f", "-", manifest=deployment(replica=2), code=1)
    assert 'strict decoding error: unknown field "spec.replica"' in printed


def test_apply_says_which_kind_is_missing(kubectl: Kubectl) -> None:
    manifest = {"apiVersion": "none.example.com/v1", "kind": "None", "metadata": {"name": "a"}}
    assert 'no matches for kind "None" in version "none.example.com/v1"' in kubectl(
        "apply", "-f", "-", manifest=manifest, code=1
    )


def test_server_side_apply_conflicts_until_forced(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "--field-manager=one", "-f", "-", manifest=config_map("c", a="1"))
    other = ("apply", "--server-side", "--field-manager=two", "-f", "-")
    assert 'conflict with "one": .data.a' in kubectl(*other, manifest=config_map("c", a="2"), code=1)
    assert "serverside-applied" in kubectl(*other, "--force-conflicts", manifest=config_map("c", a="2"))


def test_what_was_applied_by_the_client_can_be_applied_by_the_server(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=config_map("c", a="1", b="2"))
    kubectl("apply", "--server-side", "-f", "-", manifest=config_map("c", a="1"))
    assert kubectl.json("cm", "c")["data"] == {"a": "1"}


def test_diff_shows_what_applying_would_change(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    assert kubectl("diff", "-f", "-", manifest=deployment()) == ""
    printed = kubectl("diff", "-f", "-", manifest=deployment(replicas=3), code=1)
    assert "-  replicas: 1\n+  replicas: 3\n" in printed
    assert "+  replicas: 3\n" in kubectl(
        "diff", "--server-side", "--force-conflicts", "-f", "-", manifest=deployment(replicas=3), code=1
    )


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("json", '[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "new"}]'),
        ("merge", '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"new"}]}}}}'),
        ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"new"}]}}}}'),
    ],
)
def test_patches_of_each_type(kubectl: Kubectl, kind: str, patch: str) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    assert kubectl("patch", "deploy", "web", f"--type={kind}", "-p", patch) == "deployment.apps/web patched\n"
    assert kubectl.json("deploy", "web")["spec"]["template"]["spec"]["containers"][0]["image"] == "new"


def test_everyday_verbs(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    kubectl("label", "deploy", "web", "tier=front")
    kubectl("annotate", "deploy", "web", "note=this")
    kubectl("set", "image", "deploy/web", "web=example.com/web:9")
    kubectl("scale", "deploy", "web", "--replicas=4")
    kubectl("rollout", "restart", "deploy", "web")
    found = kubectl.json("deploy", "web")
    assert found["metadata"]["labels"] == {"app": "web", "tier": "front"}
    assert found["metadata"]["annotations"]["note"] == "this"
    assert found["spec"]["replicas"] == 4
    template = found["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "example.com/web:9"
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]


def test_objects_made_by_typed_clients(kubectl: Kubectl) -> None:
    kubectl("create", "deployment", "made", "--image=example.com/a:1", "--replicas=2", "--port=80")
    kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    kubectl("create", "configmap", "c", "--from-literal=a=b")
    kubectl("create", "serviceaccount", "robot")
    kubectl("create", "service", "clusterip", "svc", "--tcp=80:http")
    assert kubectl.json("deploy", "made")["spec"]["replicas"] == 2
    assert kubectl.json("secret", "s")["data"] == {"a": "Yg=="}
    assert kubectl.json("svc", "svc")["spec"]["ports"][0] == {
        "name": "80-http",
        "port": 80,
        "protocol": "TCP",
        "targetPort": "http",
    }
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"


def test_describe_tells_of_object_and_events(kubectl: Kubectl, served: Served) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    uid = kubectl.json("deploy", "web")["metadata"]["uid"]
    event = {
        "metadata": {"name": "web.1"},
        "involvedObject": {"kind": "Deployment", "name": "web", "namespace": kubectl.namespace, "uid": uid},
        "reason": "Testing",
        "message": "said once",
        "type": "Normal",
    }
    served.call(lambda: served.registry.create(served.registry.resource("events"), kubectl.namespace, event))
    printed = kubectl("describe", "deploy", "web")
    assert re.search(r"Image:\s+example.com/web:1", printed)
    assert "said once" in printed
    assert "said once" in kubectl("get", "events")


def test_wait_returns_when_the_condition_is_true(kubectl: Kubectl, served: Served) -> None:
    kubectl("apply", "-f", "-", manifest=deployment())
    waiting = kubectl.start("wait", "--for=condition=Available", "deploy/web", "--timeout=30s")
    resource = served.registry.resource("deployments", "apps")
    condition = {"type": "Available", "status": "True", "reason": "x", "message": "x"}
    patch = {"status": {"conditions": [condition]}}
    served.call(lambda: served.registry.patch(resource, kubectl.namespace, "web", patch, "merge", subresource="status"))
    printed, _ = waiting.communicate(timeout=90)
    assert printed == "deployment.apps/web condition met\n"


def test_delete_waits_until_the_object_is_gone(kubectl: Kubectl) -> None:
    held = config_map("held") | {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    kubectl("apply", "-f", "-", manifest=held)
    deleting = kubectl.start("delete", "cm", "held")
    _until(lambda: "deletionTimestamp" in kubectl.json("cm", "held")["metadata"])
    assert deleting.poll() is None
    kubectl("patch", "cm", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
    printed, _ = deleting.communicate(timeout=30)
    assert printed.startswith('configmap "held" deleted')
    assert 'configmaps "held" not found' in kubectl("get", "cm", "held", code=1)


def test_watching_prints_each_change(kubectl: Kubectl) -> None:
    kubectl("create", "secret", "generic", "first")
    watching = kubectl.start("get", "secrets", "-w", "--output-watch-events", "--no-headers")
    assert watching.stdout is not None
    # What is there already comes first, and says that the watch has begun.
    seen = [watching.stdout.readline().split()[:2]]
    kubectl("create", "secret", "generic", "s")
    kubectl("delete", "secret", "s")
    seen += [watching.stdout.readline().split()[:2] for _ in range(2)]
    watching.terminate()
    watching.communicate(timeout=60)
    assert seen == [["ADDED", "first"], ["ADDED", "s"], ["DELETED", "s"]]


def test_logs_are_fetched(kubectl: Kubectl) -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [_container("a")]}}
    kubectl("apply", "-f", "-", manifest=pod)
    assert kubectl("logs", "p") == "".join(f"{kubectl.namespace}/p/a {number}\n" for number in range(3))
    assert kubectl("logs", "p", "--tail=1") == f"{kubectl.namespace}/p/a 2\n"
    assert "the sandbox does not serve exec" in kubectl("exec", "p", "--", "true", code=1)


def _container(name: str) -> Obj:
    return {"name": name, "image": "example.com/a:1"}


def test_custom_kinds_are_explained_listed_and_checked(kubectl: Kubectl) -> None:
    kubectl("apply", "-f", "-", manifest=definition())
    kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=60s")
    kubectl("apply", "-f", "-", manifest=widget("a"))
    assert kubectl("get", "wd").split() == ["NAME", "COLOR", "a", "red"]
    assert "What it looks like." in kubectl("explain", "widget.spec.color")
    assert 'supported values: "red", "green"' in kubectl("apply", "-f", "-", manifest=widget("b", "blue"), code=1)
    kubectl("apply", "--server-side", "-f", "-", manifest=widget("c"))
    kubectl("delete", "crd", "widgets.example.com")
    assert 'customresourcedefinitions.apiextensions.k8s.io "widgets.example.com" not found' in kubectl(
        "get", "crd", "widgets.example.com", code=1
    )


def test_explain_knows_the_built_in_kinds(kubectl: Kubectl) -> None:
    printed = kubectl("explain", "deployment.spec.replicas")
    assert "FIELD: replicas <integer>" in printed
    assert "Number of desired pods." in printed


def _until(check: Any) -> None:
    end = time.monotonic() + 90
    while not check():
        assert time.monotonic() < end
        time.sleep(0.05)
