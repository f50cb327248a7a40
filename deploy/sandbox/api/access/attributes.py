"""What a request is, in the words of RBAC: the request-info rules of an API server."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..http.paths import ApiPath

_ON_OBJECTS = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "POST": "create", "DELETE": "delete"}


@dataclass(frozen=True)
class Attributes:
    """A verb on a resource, or on a path that is no resource (then `path` is set and the rest is empty)."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def combined(self) -> str:
        """Resource and subresource, as rules name them."""
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource


def of_path(method: str, path: str) -> Attributes:
    """A request that is about no resource."""
    return Attributes(method.lower(), path=path)


def of_resource(method: str, address: ApiPath, query: Mapping[str, str]) -> Attributes:
    """A request for a resource, an object or a part of one."""
    verb, name = _ON_OBJECTS.get(method, ""), address.name
    if not name:
        if verb == "get":
            verb = "watch" if query.get("watch", "0").lower() in {"", "1", "true"} else "list"
            name = _selected_name(query.get("fieldSelector", ""))
        elif verb == "delete":
            verb = "deletecollection"
    namespace = address.namespace or ""
    if address.plural == "namespaces" and not namespace:
        namespace = address.name  # a namespace counts as its own content, so that a Role in it can open it
    return Attributes(verb, address.group, address.plural, address.subresource, namespace, name)


def _selected_name(field_selector: str) -> str:
    """The one name that a list or watch is narrowed to: a rule with that resourceName allows it."""
    for term in field_selector.split(","):
        field, equals, value = term.partition("=")
        if equals and field == "metadata.name":
            return value.removeprefix("=")
    return ""
