"""What somebody may do to a store behind the platform's back, as tables: each object deleted, each field changed."""

from collections.abc import Callable
from typing import Any

from provisioner.cluster import Manifest
from tests.provisioner.drift.shop import Object

Change = Callable[[Manifest], None]

DELETED: list[Object] = [
    ("Service", "backend"),
    ("ConfigMap", "storefront"),
    ("LimitRange", "store"),
    ("ResourceQuota", "store"),
    ("Deployment", "storefront"),
    ("StatefulSet", "postgres"),
    ("Ingress", "store"),
    ("NetworkPolicy", "default-deny"),
    ("Secret", "store-credentials"),
]


def container(manifest: Manifest) -> dict[str, Any]:
    found: dict[str, Any] = manifest["spec"]["template"]["spec"]["containers"][0]
    return found


def image(manifest: Manifest) -> None:
    container(manifest)["image"] = "evil:1"


def replicas(manifest: Manifest) -> None:
    manifest["spec"]["replicas"] = 0


def variable(manifest: Manifest) -> None:
    container(manifest)["env"][0]["value"] = "other"


def port(manifest: Manifest) -> None:
    manifest["spec"]["ports"][0]["port"] = 9001


def container_port(manifest: Manifest) -> None:
    container(manifest)["ports"][0]["containerPort"] = 8081


def open_policy(manifest: Manifest) -> None:
    manifest["spec"]["ingress"] = [{}]


def wider_policy(manifest: Manifest) -> None:
    manifest["spec"]["ingress"].append({})


def quota(manifest: Manifest) -> None:
    manifest["spec"]["hard"]["pods"] = "99"


def label(manifest: Manifest) -> None:
    del manifest["metadata"]["labels"]["app.kubernetes.io/part-of"]


def host(manifest: Manifest) -> None:
    manifest["spec"]["rules"][0]["host"] = "elsewhere.example.com"


def text(manifest: Manifest) -> None:
    manifest["data"]["config.json"] = "{}"


def other_value(manifest: Manifest) -> None:
    manifest["data"]["JWT_SECRET"] = "b3RoZXI="


def lost_value(manifest: Manifest) -> None:
    del manifest["data"]["POSTGRES_PASSWORD"]


CHANGED: list[tuple[Object, Change, str]] = [
    (("Deployment", "backend"), image, "/spec/template/spec/containers/0/image"),
    (("Deployment", "storefront"), replicas, "/spec/replicas"),
    (("Deployment", "backend"), variable, "/spec/template/spec/containers/0/env/0/value"),
    (("Deployment", "storefront"), container_port, "/spec/template/spec/containers/0/ports/0"),
    (("Service", "backend"), port, "/spec/ports/0"),
    (("NetworkPolicy", "default-deny"), open_policy, "/spec/ingress"),
    (("NetworkPolicy", "database"), wider_policy, "/spec/ingress"),
    (("ResourceQuota", "store"), quota, "/spec/hard/pods"),
    (("Service", "storefront"), label, "/metadata/labels/app.kubernetes.io~1part-of"),
    (("Secret", "store-credentials"), label, "/metadata/labels/app.kubernetes.io~1part-of"),
    (("Secret", "store-credentials"), other_value, "/data/JWT_SECRET"),
    (("Secret", "store-credentials"), lost_value, "/data/POSTGRES_PASSWORD"),
    (("Ingress", "store"), host, "/spec/rules/0"),
    (("ConfigMap", "storefront"), text, "/data/config.json"),
]
