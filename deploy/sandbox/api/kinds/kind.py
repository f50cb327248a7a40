"""What is special about a kind, as hooks that the write path calls in a fixed order."""

from collections.abc import Callable
from dataclasses import dataclass

from .. import metadata
from ..errors import Cause
from ..jsontypes import Json, clone
from ..metadata import NameRule

Change = Callable[[Json], None]
ChangeFrom = Callable[[Json, Json], None]
Check = Callable[[Json], list[Cause]]
CheckFrom = Callable[[Json, Json], list[Cause]]


def nothing(_obj: Json) -> None:
    """The hook of a kind that has nothing to do at birth."""


def nothing_from(_obj: Json, _old: Json) -> None:
    """The hook of a kind that has nothing to do in an update."""


def no_causes(_obj: Json) -> list[Cause]:
    """The check of a kind without rules of its own."""
    return []


def no_causes_from(_obj: Json, _old: Json) -> list[Cause]:
    """The check of a kind that allows any update."""
    return []


@dataclass(frozen=True)
class Kind:
    """The rules of one kind. The defaults fit a plain record such as a ConfigMap."""

    default: Change = nothing  # fills in what the API's defaults are, on every write
    prepare_create: Change = nothing  # what the server sets or forgets at birth
    prepare_update: ChangeFrom = nothing_from
    check: Check = no_causes
    check_update: CheckFrom = no_causes_from
    name_rule: NameRule = metadata.subdomain_problems
    has_generation: bool = False
    annotations_count: bool = False  # a change of annotations alone moves the generation too
    has_status: bool = False
    initial_status: Json | None = None
    needs_version: bool = False  # an update must name the resourceVersion
    create_on_update: bool = False  # PUT makes what is not there
    graceful: bool = False  # deletion waits for somebody, as pods wait for their node
    orphans_dependents: bool = False  # deletion without a policy leaves dependents alone
    returns_deleted: bool = False  # DELETE answers the object, not a Status
    skeleton: Json | None = None  # the parts that a Go struct of the kind always has

    def born(self, obj: Json) -> None:
        """Sets the first status and generation, then whatever else the kind wants."""
        if self.has_status:
            obj.pop("status", None)
            if self.initial_status is not None:
                obj["status"] = clone(self.initial_status)
        if self.has_generation:
            obj["metadata"]["generation"] = 1
        self.prepare_create(obj)

    def changed(self, obj: Json, old: Json) -> None:
        """Keeps the status in an update of the rest, and moves the generation when the wish changed."""
        if self.has_status:
            _keep_status(obj, old)
        self.prepare_update(obj, old)
        if self.has_generation and self._wish(obj) != self._wish(old):
            obj["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1

    def _wish(self, obj: Json) -> Json:
        beside = {"metadata", "apiVersion", "kind"} | ({"status"} if self.has_status else set())
        wish = {key: value for key, value in obj.items() if key not in beside}
        if self.annotations_count:
            wish["annotations"] = obj["metadata"].get("annotations") or {}
        return wish


def _keep_status(obj: Json, old: Json) -> None:
    if "status" in old:
        obj["status"] = clone(old["status"])
    else:
        obj.pop("status", None)
