"""Which of the things that were seen have no store behind them: pure.

In doubt it is no orphan: what doesn't say which store it is of, what two stores could be meant by, what a wish is that
nobody has judged yet.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from provisioner import labels
from provisioner.cluster import Manifest
from provisioner.drift.orphans.models import OrphanKind
from provisioner.mirror.verdicts import ACCEPTED
from provisioner.mirror.wishes import was_written
from provisioner.safekeeping import KEPT_FOR
from provisioner.volumes import LOOSE
from stores.publish import stream_key

_KEY_PREFIX = stream_key("")


@dataclass(frozen=True)
class Seen:
    """All that could be of a store. `releases` are the Secrets in which Helm keeps them, any revisions of each;
    `copies` are those of stores' Secrets in the platform's own namespace.

    `keys` is None when Redis could not be asked.
    """

    namespaces: Sequence[Manifest] = ()
    claims: Sequence[Manifest] = ()
    volumes: Sequence[Manifest] = ()
    copies: Sequence[Manifest] = ()
    releases: Sequence[Manifest] = ()
    stores: Sequence[Manifest] = ()
    keys: Sequence[str] | None = ()


@dataclass(frozen=True)
class Found:
    """One orphan, and in a sentence why it is one. The namespace of a volume is that of the claim that it had."""

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
        *_volumes(seen.volumes, living),
        *_copies(seen.copies, living),
        *_releases(seen.releases, seen.namespaces, living),
        *_stores(seen.stores, living),
        *_keys(seen.keys or (), living),
    ]


def _namespaces(namespaces: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    for each in namespaces:
        store = _store_of(each)
        if store and living.isdisjoint({store, labels.store_of(_name(each))}):
            yield _found(OrphanKind.NAMESPACE, each, _labelled(store))


def _claims(claims: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    for each in claims:
        store = _store_of(each)
        if store and living.isdisjoint({store, labels.store_of(_namespace(each))}):
            yield _found(OrphanKind.CLAIM, each, _labelled(store))


def _volumes(volumes: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    """Volumes carry no label of ours. One that its class retained tells of the claim that it was bound to."""
    for each in volumes:
        claim = each["spec"].get("claimRef") or {}
        store = labels.store_of(str(claim.get("namespace", "")))
        loose = (each.get("status") or {}).get("phase") in LOOSE
        if loose and store and store not in living and claim.get("name") == labels.CLAIM_NAME:
            why = f"It held the data of the store '{store}', and there is no such store."
            yield replace(_found(OrphanKind.VOLUME, each, why), namespace=str(claim["namespace"]))


def _copies(copies: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    for each in copies:
        store = str((each["metadata"].get("labels") or {}).get(KEPT_FOR, ""))
        if store and store not in living:
            yield _found(OrphanKind.SECRET, each, f"It is kept for the store '{store}', and there is no such store.")


def _releases(secrets: Sequence[Manifest], namespaces: Sequence[Manifest], living: Set[str]) -> Iterator[Found]:
    """Helm's Secrets carry no label of ours, so the namespace has to be a store's by its own label."""
    ours = {_name(each): _store_of(each) for each in namespaces}
    newest: dict[tuple[str, str], Manifest] = {}
    for each in sorted(secrets, key=_revision):
        newest[_namespace(each), _release(each)] = each
    for (namespace, release), each in newest.items():
        store = ours.get(namespace, "")
        if store and living.isdisjoint({store, labels.store_of(namespace)}):
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


def _name(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))


def _release(secret: Manifest) -> str:
    return str(secret["metadata"]["labels"]["name"])


def _revision(secret: Manifest) -> int:
    text = secret["metadata"]["labels"].get("version", "")
    return int(text) if text.isdigit() else 0
