"""Which of the things that were seen have no store behind them: pure.

In doubt it is no orphan: what doesn't say which store it is of, what two stores could be meant by, what a wish is that
nobody has judged yet.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from provisioner import labels
from provisioner.cluster import Manifest
from provisioner.drift.orphans.models import OrphanKind
from provisioner.mirror.verdicts import ACCEPTED
from provisioner.mirror.wishes import was_written
from stores.publish import stream_key

_NAMESPACE_PREFIX = "store-"
_KEY_PREFIX = stream_key("")


@dataclass(frozen=True)
class Seen:
    """All that could be of a store. `releases` are the Secrets in which Helm keeps them, any revisions of each.

    `keys` is None when Redis could not be asked.
    """

    namespaces: Sequence[Manifest] = ()
    claims: Sequence[Manifest] = ()
    releases: Sequence[Manifest] = ()
    stores: Sequence[Manifest] = ()
    keys: Sequence[str] | None = ()


@dataclass(frozen=True)
class Found:
    """One orphan, and in a sentence why it is one."""

    kind: OrphanKind
    namespace: str
    name: str
    uid: str
    why: str


def orphans(seen: Seen, living: Set[str]) -> list[Found]:
    """Those of the seen things that are of none of the `living` stores (names; also of stores that are made or removed
    just now)."""
    return [
        *_namespaces(seen.namespaces, living),
        *_claims(seen.claims, living),
        *_releases(seen.releases, seen.namespaces, living),
        *_stores(seen.stores, living),
        *_keys(seen.keys or (), living),
    ]


def _namespaces(namespaces: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    for each in namespaces:
        store = _store_of(each)
        if store and living.isdisjoint({store, _store_by(_name(each))}):
            yield _found(OrphanKind.NAMESPACE, each, _labelled(store))


def _claims(claims: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    for each in claims:
        store = _store_of(each)
        if store and living.isdisjoint({store, _store_by(_namespace(each))}):
            yield _found(OrphanKind.CLAIM, each, _labelled(store))


def _releases(secrets: Sequence[Manifest], namespaces: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    """Helm's Secrets carry no label of ours, so the namespace has to be a store's by its own label."""
    ours = {_name(each): _store_of(each) for each in namespaces}
    newest: dict[tuple[str, str], Manifest] = {}
    for each in sorted(secrets, key=_revision):
        newest[_namespace(each), _release(each)] = each
    for (namespace, release), each in newest.items():
        store = ours.get(namespace, "")
        if store and living.isdisjoint({store, _store_by(namespace)}):
            why = f"It is in the namespace of the store '{store}', and there is no such store."
            yield Found(OrphanKind.RELEASE, namespace, release, each["metadata"]["uid"], why)


def _stores(resources: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    """A resource that we never wrote is a wish that is still to be judged, or one that was refused and says so."""
    for each in resources:
        if _name(each) not in living and was_written(each) and not _is_refused(each):
            yield _found(OrphanKind.STORE, each, "It was written for a store that is gone.")


def _keys(keys: Sequence[str], living: Set[str]) -> Iterator[Found]:
    for key in keys:
        store = key.removeprefix(_KEY_PREFIX)
        if store not in living:
            why = f"It keeps the events of the store '{store}', and there is no such store."
            yield Found(OrphanKind.REDIS_KEY, "", key, "", why)


def _found(kind: OrphanKind, manifest: Manifest, why: str) -> Found:
    going = " It is being deleted already." if manifest["metadata"].get("deletionTimestamp") else ""
    return Found(kind, _namespace(manifest), _name(manifest), manifest["metadata"]["uid"], why + going)


def _labelled(store: str) -> str:
    return f"It carries the label of the store '{store}', and there is no such store."


def _is_refused(resource: Manifest) -> bool:
    conditions: Sequence[Mapping[str, str]] = (resource.get("status") or {}).get("conditions") or []
    return any(each.get("type") == ACCEPTED and each.get("status") == "False" for each in conditions)


def _store_of(manifest: Manifest) -> str:
    return str((manifest["metadata"].get("labels") or {}).get(labels.STORE_LABEL, ""))


def _store_by(namespace: str) -> str:
    return namespace.removeprefix(_NAMESPACE_PREFIX)


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _release(secret: Manifest) -> str:
    return str(secret["metadata"]["labels"]["name"])


def _revision(secret: Manifest) -> int:
    text = secret["metadata"]["labels"].get("version", "")
    return int(text) if text.isdigit() else 0
