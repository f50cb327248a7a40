"""What is a difference and what isn't, case by case."""

from typing import Any

import pytest

from provisioner.drift.compare import completed, differences, differs, managers_of, redacted, scaled_by
from provisioner.drift.compare.values import quantity, same_quantity
from tests.provisioner.drift.recorded import pair

Manifest = dict[str, Any]


def of(kind: str, **more: Any) -> Manifest:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "one"}, **more}


def pod(*containers: Manifest, **more: Any) -> Manifest:
    return of("Deployment", spec={"template": {"spec": {"containers": list(containers), **more}}})


def web(**more: Any) -> Manifest:
    return {"name": "web", "image": "web:1", **more}


def policy(**spec: Any) -> Manifest:
    return completed(of("NetworkPolicy", spec={"podSelector": {}, "policyTypes": ["Ingress"], **spec}))


RULE = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "http"}]}
RULE_AS_SERVED = {**RULE, "ports": [{"port": "http", "protocol": "TCP"}]}
HTTP = {"name": "http", "port": 80, "targetPort": "http"}

SAME: dict[str, tuple[Manifest, Manifest]] = {
    "a CPU written in thousandths": (
        pod(web(resources={"limits": {"cpu": "0.5"}})),
        pod(web(resources={"limits": {"cpu": "500m"}})),
    ),
    "memory in other units": (
        pod(web(resources={"limits": {"memory": "1Gi"}})),
        pod(web(resources={"limits": {"memory": "1024Mi"}})),
    ),
    "a whole CPU as a number": (
        pod(web(resources={"limits": {"cpu": 1}})),
        pod(web(resources={"limits": {"cpu": "1"}})),
    ),
    "a port as text": (
        of("Service", spec={"ports": [{**HTTP, "targetPort": "8080"}]}),
        of("Service", spec={"ports": [{**HTTP, "targetPort": 8080, "protocol": "TCP"}]}),
    ),
    "null, empty and absent": (pod(web(args=None, env=[], workingDir="", tty=False)), pod(web())),
    "a sidecar of somebody else, before ours": (pod(web()), pod({"name": "mesh", "image": "mesh:1"}, web())),
    "a variable of somebody else": (
        pod(web(env=[{"name": "A", "value": "1"}])),
        pod(web(env=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}])),
    ),
    "a label and an annotation of somebody else": (
        of("Service", metadata={"name": "one", "labels": {"a": "1"}}),
        of("Service", metadata={"name": "one", "labels": {"a": "1", "b": "2"}, "annotations": {"c": "3"}}),
    ),
    "a status, a version and a uid": (
        of("Service", spec={}),
        of("Service", spec={}, status={"x": 1}, metadata={"name": "one", "resourceVersion": "7", "uid": "u"}),
    ),
    "a rule of a policy with the protocol filled in": (policy(ingress=[RULE]), policy(ingress=[RULE_AS_SERVED])),
    "a field that nobody asked for": (of("Service", spec={}), of("Service", spec={"sessionAffinity": "None"})),
    "a value of a Secret": (of("Secret", data={"A": None}), of("Secret", data={"A": "b3RoZXI=", "B": "bW9yZQ=="})),
}

DIFFERENT: dict[str, tuple[Manifest, Manifest, list[str]]] = {
    "an image, behind a sidecar": (
        pod(web()),
        pod({"name": "mesh", "image": "mesh:1"}, web(image="web:2")),
        ["/spec/template/spec/containers/0/image"],
    ),
    "a container that is missing": (pod(web()), pod({"name": "other"}), ["/spec/template/spec/containers/0"]),
    "a variable": (
        pod(web(env=[{"name": "A", "value": "1"}])),
        pod(web(env=[{"name": "A", "value": "2"}])),
        ["/spec/template/spec/containers/0/env/0/value"],
    ),
    "a command, which is one value": (
        pod(web(command=["a", "b"])),
        pod(web(command=["a", "c"])),
        ["/spec/template/spec/containers/0/command/1"],
    ),
    "a port of a Service": (
        of("Service", spec={"ports": [HTTP]}),
        of("Service", spec={"ports": [{**HTTP, "port": 81}]}),
        ["/spec/ports/0"],
    ),
    "a selector with more in it": (
        of("Service", spec={"selector": {"app": "web"}}),
        of("Service", spec={"selector": {"app": "web", "tier": "x"}}),
        ["/spec/selector"],
    ),
    "one rule more in a policy": (policy(ingress=[RULE]), policy(ingress=[RULE, {}]), ["/spec/ingress"]),
    "a rule in a policy that has none": (policy(), policy(ingress=[{}]), ["/spec/ingress"]),
    "a rule with one peer more": (
        policy(ingress=[RULE]),
        policy(ingress=[{**RULE, "from": [*RULE["from"], {"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),
        ["/spec/ingress/0"],
    ),
    "a rule whose peer is all pods of a namespace": (
        policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]}]),
        policy(ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}, "podSelector": {}}]}]),
        ["/spec/ingress/0"],
    ),
    "a policy that concerns fewer pods": (
        policy(),
        policy(podSelector={"matchLabels": {"app": "web"}}),
        ["/spec/podSelector"],
    ),
    "a quantity": (
        of("ResourceQuota", spec={"hard": {"requests.cpu": "1", "pods": "10"}}),
        of("ResourceQuota", spec={"hard": {"requests.cpu": "1000m", "pods": "11"}}),
        ["/spec/hard/pods"],
    ),
    "a label with a slash and a tilde in its name": (
        of("Service", metadata={"name": "one", "labels": {"a.b/c~d": "1"}}),
        of("Service"),
        ["/metadata/labels"],
    ),
    "such a label among others": (
        of("Service", metadata={"name": "one", "labels": {"a.b/c~d": "1"}}),
        of("Service", metadata={"name": "one", "labels": {"x": "y"}}),
        ["/metadata/labels/a.b~1c~0d"],
    ),
    "nothing where something was": (of("ConfigMap", data={"a": ""}), of("ConfigMap", data={"a": "x"}), ["/data/a"]),
    "a key of a Secret": (
        of("Secret", stringData={"A": "1"}, data={"B": None}),
        of("Secret", data={"A": "MQ=="}),
        ["/data/B"],
    ),
    "replicas of none": (
        of("Deployment", spec={"replicas": 0}),
        of("Deployment", spec={"replicas": 1}),
        ["/spec/replicas"],
    ),
    "a switch": (pod(web(), hostNetwork=False), pod(web(), hostNetwork=True), ["/spec/template/spec/hostNetwork"]),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_in_other_words(case: str) -> None:
    wanted, found = SAME[case]
    assert differences(wanted, found) == []


@pytest.mark.parametrize("case", DIFFERENT)
def test_a_difference_is_told_by_its_place(case: str) -> None:
    wanted, found, paths = DIFFERENT[case]
    assert [each.path for each in differences(wanted, found)] == paths


def test_a_difference_of_a_secret_shows_no_value() -> None:
    wanted = redacted(of("Secret", stringData={"A": "sesame"}, data={"B": "b3Blbg=="}))
    assert wanted["data"] == {"A": None, "B": None}
    (missing,) = differences(wanted, of("Secret", data={"A": "c2VzYW1l"}))
    assert missing.as_json() == {"path": "/data/B", "wanted": "(lost)", "found": None}

    known = of("Secret", data={"A": "c2VzYW1l", "B": "b3Blbg==", "C": "c2FtZQ=="})
    other, gone = differences(known, of("Secret", data={"A": "b3RoZXI=", "C": "c2FtZQ==", "D": "bW9yZQ=="}))
    assert other.as_json() == {"path": "/data/A", "wanted": "(hidden)", "found": "(hidden)"}
    assert gone.as_json() == {"path": "/data/B", "wanted": "(hidden)", "found": None}


@pytest.mark.parametrize(
    ("written", "amount"),
    [("500m", "0.5"), ("1Gi", "1073741824"), ("1e3", "1000"), ("1E", "1000000000000000000"), (".5", "0.5"), (2, "2")],
)
def test_a_quantity_is_an_amount(written: object, amount: str) -> None:
    assert quantity(written) is not None
    assert str(quantity(written)) == amount or same_quantity(written, amount)


@pytest.mark.parametrize("text", ["", "Gi", "1Xi", "1 Gi", "true", "1.2.3"])
def test_what_is_no_quantity_is_compared_as_text(text: str) -> None:
    assert quantity(text) is None
    assert same_quantity(text, text)
    assert not same_quantity(text, "1")


def managed(manager: str, fields: Manifest, subresource: str = "", time: str = "2026-01-01T00:00:00Z") -> Manifest:
    entry = {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields}
    return {**entry, "subresource": subresource} if subresource else entry


IMAGE = {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"web"}': {".": {}, "f:image": {}}}}}}}


def test_the_latest_manager_of_a_field_is_named_first() -> None:
    found = pod(web(image="web:2"))
    found["metadata"]["managedFields"] = [
        managed("helm", IMAGE),
        managed("kubectl-set", IMAGE, time="2026-02-01T00:00:00Z"),
        managed("other", {"f:metadata": {"f:labels": {"f:a": {}}}}, time="2026-03-01T00:00:00Z"),
    ]
    (image,) = differences(pod(web()), found)
    assert managers_of(found, image) == ["kubectl-set", "helm"]


def test_who_manages_a_list_that_is_one_value_manages_its_items() -> None:
    found = policy(ingress=[{"from": []}])
    found["metadata"]["managedFields"] = [managed("kubectl-edit", {"f:spec": {"f:ingress": {}}})]
    (rule,) = differences(policy(ingress=[RULE]), found)
    assert rule.path == "/spec/ingress/0"
    assert managers_of(found, rule) == ["kubectl-edit"]


def test_an_autoscaler_is_told_from_a_person_who_scales() -> None:
    replicas = {"f:spec": {"f:replicas": {}}}
    scaled = {"metadata": {"managedFields": [managed("kube-controller-manager", replicas, "scale")]}}
    by_hand = {"metadata": {"managedFields": [managed("kubectl", replicas, "scale"), managed("kubectl", replicas)]}}
    assert scaled_by(scaled) == "kube-controller-manager"
    assert scaled_by(by_hand) == ""


def test_the_recorded_fields_belong_to_helm() -> None:
    wanted, found = pair("Deployment", "backend")
    wanted["spec"]["template"]["spec"]["containers"][0]["env"][1]["value"] = "another"
    (variable,) = differences(wanted, found)
    assert managers_of(found, variable) == ["helm"]


def test_two_states_that_differ_in_the_servers_own_fields_alone_are_the_same() -> None:
    one, two = pair("Deployment", "backend")[1], pair("Deployment", "backend")[1]
    two["metadata"] |= {"resourceVersion": "9", "generation": 9, "managedFields": []}
    two["status"] = {}
    assert not differs(one, two)
    two["spec"]["replicas"] = 9
    assert differs(one, two)
