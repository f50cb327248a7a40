"""The schemas of the built-in kinds, from the definitions that ``kubernetes-validate`` carries."""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from ..jsontypes import Json
from .node import Node

VERSION = "1.36.0"
OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


@cache
def definitions() -> Json:
    """All definitions by name; descriptions are those of the Kubernetes reference."""
    spec = find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise RuntimeError("the package kubernetes-validate is missing: run `uv sync`")
    folder = Path(spec.origin).parent / "kubernetes-json-schema" / f"v{VERSION}-local"
    found: Json = json.loads((folder / "_definitions.json").read_bytes())["$defs"]
    return found


@cache
def _names() -> dict[tuple[str, str, str], str]:
    """Definition names by group, version and kind."""
    names: dict[tuple[str, str, str], str] = {}
    for name, raw in definitions().items():
        for gvk in raw.get("x-kubernetes-group-version-kind") or ():
            names.setdefault((gvk["group"], gvk["version"], gvk["kind"]), name)
    return names


def definition_name(group: str, version: str, kind: str) -> str | None:
    """The name of a kind's definition, None when the schemas do not know the kind."""
    return _names().get((group, version, kind))


@cache
def schema_of(group: str, version: str, kind: str) -> Node | None:
    """The schema of a built-in kind, None when it is unknown."""
    name = definition_name(group, version, kind)
    return node(name) if name else None


@cache
def node(name: str) -> Node:
    """The schema of a definition."""
    return Node({"$ref": f"#/$defs/{name}"}, definitions())


def object_meta() -> Node:
    """The schema of every object's metadata."""
    return node(OBJECT_META)
