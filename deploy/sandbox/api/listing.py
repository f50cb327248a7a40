"""Lists: selection without copying, pages that agree with each other, continue tokens."""

import base64
import binascii
import json
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import ApiError, bad_request, expired
from .jsontypes import encode
from .resources import Resource
from .selectors import Requirement, labels_of, parse_fields, parse_labels
from .storage import Entry, Shelf, Storage, object_key
from .watching import Channel, Matcher, Watches


@dataclass(frozen=True)
class Page:
    """One answer to a list request."""

    entries: list[Entry]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


@dataclass(frozen=True)
class Selection:
    """Which objects of a resource are wanted."""

    resource: Resource
    namespace: str | None = None
    label_selector: str = ""
    field_selector: str = ""
    selectable: tuple[str, ...] = ()

    def matcher(self) -> Matcher:
        """A test for one entry; raises 400 when a selector cannot be read."""
        labels = parse_labels(self.label_selector)
        fields = parse_fields(self.field_selector, self.resource, self.selectable)
        prefix = f"{self.namespace}/" if self.namespace else ""

        def matches(entry: Entry) -> bool:
            if not entry.key.startswith(prefix):
                return False
            if labels and not all(part.matches(labels_of(entry.obj)) for part in labels):
                return False
            return all(term.matches(entry.obj) for term in fields)

        return matches

    @property
    def selects(self) -> bool:
        """Whether a selector narrows the list."""
        return bool(self.label_selector or self.field_selector)


@dataclass(frozen=True)
class Paging:
    """Which part of a list is wanted: at most ``limit`` objects (0: all), behind a token's, or of a past revision."""

    limit: int = 0
    token: str = ""
    exact: int | None = None


WHOLE = Paging()


def list_page(storage: Storage, watches: Watches, selection: Selection, paging: Paging) -> Page:
    """The matching entries in key order; a token continues at the revision of the first page."""
    matches, shelf, limit = selection.matcher(), storage.shelf(selection.resource.key), paging.limit
    revision, after = storage.revision if paging.exact is None else paging.exact, ""
    if paging.token:
        revision, after = _decode_token(paging.token)
    is_past = revision < storage.revision
    past = _past_states(watches.channel(selection.resource.key), revision) if is_past else {}
    found: list[Entry] = []
    more = False
    for entry in _candidates(shelf, selection, after, past):
        if not matches(entry):
            continue
        if limit and len(found) == limit:
            more = True
            break
        found.append(entry)
    if not more:
        return Page(found, revision)
    last = found[-1].key
    remaining = None if selection.selects else sum(1 for _ in _candidates(shelf, selection, last, past))
    return Page(found, revision, _encode_token(revision, last), remaining)


def _candidates(shelf: Shelf, selection: Selection, after: str, past: dict[str, Entry | None]) -> Iterable[Entry]:
    """Entries in key order that may match, as they were at the time of the first page."""
    exact = _exact_key(selection)
    if exact is not None:
        entry = past[exact] if exact in past else shelf.entries.get(exact)
        return [entry] if entry is not None and exact > after else []
    if past:
        present = {key: shelf.entries.get(key) for key in shelf.keys(selection.namespace, after)}
        present.update({key: entry for key, entry in past.items() if key > after})
        return (entry for _, entry in sorted(present.items()) if entry is not None)
    pairs = _indexed_pairs(parse_labels(selection.label_selector))
    if pairs:
        return (shelf.entries[key] for key in sorted(shelf.labelled(pairs)) if key > after)
    return (shelf.entries[key] for key in shelf.keys(selection.namespace, after))


def _exact_key(selection: Selection) -> str | None:
    """The key of the only possible match, when the name is given."""
    terms = parse_fields(selection.field_selector, selection.resource, selection.selectable)
    names = [term.value for term in terms if term.path == "metadata.name" and term.equal]
    if not names or (selection.resource.namespaced and not selection.namespace):
        return None
    return object_key(selection.namespace, names[0])


def _indexed_pairs(requirements: tuple[Requirement, ...]) -> list[tuple[str, str]]:
    return [
        (part.key, next(iter(part.values))) for part in requirements if part.operator == "in" and len(part.values) == 1
    ]


def _past_states(channel: Channel, revision: int) -> dict[str, Entry | None]:
    """What objects were at a revision, for those that changed since; raises 410 when that is forgotten."""
    if revision < channel.floor:
        raise expired(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
            "the results. Continuing with the provided token results in an inconsistent list - objects that were "
            "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
            "list."
        )
    states: dict[str, Entry | None] = {}
    for change in reversed(channel.changes):
        if change.entry.revision <= revision:
            break
        states[change.entry.key] = change.before
    return states


def _encode_token(revision: int, last: str) -> str:
    token = encode({"v": "meta.k8s.io/v1", "rv": revision, "start": last})
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _decode_token(token: str) -> tuple[int, str]:
    try:
        content = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(content["rv"]), str(content["start"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_request("continue key is not valid") from error


def check_version(wanted: str, current: int) -> None:
    """Refuses a list "not older than" a version that does not exist yet, as a watch cache does."""
    if not wanted.isdigit():
        raise bad_request(f'resourceVersion: Invalid value: "{wanted}": strconv.ParseUint: invalid syntax')
    if int(wanted) > current:
        causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
        message = f"Timeout: Too large resource version: {wanted}, current: {current}"
        raise ApiError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})
