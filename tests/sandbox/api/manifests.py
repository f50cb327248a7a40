"""Objects that several tests use."""

from typing import Any

Obj = dict[str, Any]


def deployment(name: str = "web", image: str = "example.com/web:1", **spec: Any) -> Obj:
    """A Deployment of one container."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template} | spec,
    }


def config_map(name: str, **data: str) -> Obj:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def definition() -> Obj:
    """The definition of a cluster-wide kind with a status, a column and a rule."""
    spec = {
        "type": "object",
        "required": ["color"],
        "properties": {
            "color": {"type": "string", "description": "What it looks like.", "enum": ["red", "green"]},
            "size": {"type": "integer", "default": 3},
        },
    }
    status = {"type": "object", "properties": {"phase": {"type": "string"}}}
    schema = {"type": "object", "required": ["spec"], "properties": {"spec": spec, "status": status}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [{"name": "Color", "type": "string", "jsonPath": ".spec.color"}],
        "schema": {"openAPIV3Schema": schema},
    }
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Cluster", "names": names, "versions": [version]},
    }


def widget(name: str, color: str = "red") -> Obj:
    """An object of that kind."""
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": {"color": color}}
