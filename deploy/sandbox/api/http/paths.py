"""Reads a request path the way the API server's request-info resolver does."""

from dataclasses import dataclass

# What may stand behind a namespace's own name without being a resource in it.
_NAMESPACE_PARTS = {"status", "finalize"}


@dataclass(frozen=True)
class ApiPath:
    """The address of a resource, an object or a subresource."""

    group: str
    version: str
    plural: str
    namespace: str | None = None
    name: str = ""
    subresource: str = ""
    rest: str = ""


def parse_path(path: str) -> ApiPath | None:
    """The parts of a path below /api/v1 or /apis/group/version; None for any other path."""
    parts = [part for part in path.split("/") if part]
    group = ""
    match parts:
        case ["api", version, _, *_]:
            parts = parts[2:]
        case ["apis", group, version, _, *_]:
            parts = parts[3:]
        case _:
            return None
    namespace: str | None = None
    match parts:
        case ["namespaces", _, part, *_] if part in _NAMESPACE_PARTS and not group:
            pass
        case ["namespaces", namespace, _, *_]:
            parts = parts[2:]
    plural, name, subresource, *rest = [*parts, "", ""]
    return ApiPath(group, version, plural, namespace, name, subresource, "/".join(filter(None, rest)))
