"""Which resources are served right now: the built-in table and the custom ones of installed definitions."""

from collections.abc import Iterable, Iterator

from .errors import no_such_path
from .resources import BUILTIN, Resource


class Catalog:
    """Looks resources up by group, version and plural, in the order discovery lists them."""

    def __init__(self, resources: Iterable[Resource] = BUILTIN) -> None:
        self._served: dict[tuple[str, str, str], Resource] = {}
        self._preferred: dict[tuple[str, str], Resource] = {}
        self._kinds: dict[tuple[str, str], Resource] = {}
        self.generation = 0
        for resource in resources:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Serves a resource; the first version added of a kind is the preferred one."""
        self._served[(resource.group, resource.version, resource.plural)] = resource
        self._preferred.setdefault((resource.group, resource.plural), resource)
        if not (resource.group == "events.k8s.io" and resource.kind == "Event"):
            self._kinds.setdefault((resource.group, resource.kind), resource)
        self.generation += 1

    def drop(self, group: str, plural: str) -> None:
        """Serves no version of a resource any longer."""
        for key in [key for key in self._served if key[0] == group and key[2] == plural]:
            gone = self._served.pop(key)
            self._kinds.pop((group, gone.kind), None)
        self._preferred.pop((group, plural), None)
        self.generation += 1

    def find(self, group: str, version: str, plural: str) -> Resource:
        """The resource at an address; raises 404 as for an unknown path."""
        found = self._served.get((group, version, plural))
        if found is None:
            raise no_such_path()
        return found

    def preferred(self, plural: str, group: str = "") -> Resource:
        """The resource in its preferred version; raises 404 as for an unknown path."""
        found = self._preferred.get((group, plural))
        if found is None:
            raise no_such_path()
        return found

    def by_kind(self, group: str, kind: str) -> Resource | None:
        """The preferred resource of a kind, or None."""
        return self._kinds.get((group, kind))

    def by_key(self, key: str) -> Resource | None:
        """The preferred resource whose objects are kept under a key, or None."""
        group, _, plural = key.partition("/")
        return self._preferred.get((group, plural))

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._served.values())
