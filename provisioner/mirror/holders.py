"""Which store a resource of some name shows: one query for many names."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from provisioner.cluster import Manifest
from provisioner.mirror.wishes import was_written
from stores.models import Store, StoreQuerySet


@dataclass(frozen=True)
class Holder:
    """The store that has a name in the cluster: the eldest of that name whose record is no tombstone.

    `known` is whether it was ever mirrored; the rest is that of its `Mirror`.
    """

    store_id: int
    name: str
    going: bool
    known: bool
    uid: str
    wish_uid: str
    resource_version: str

    def owns(self, resource: Manifest) -> bool:
        """Whether a resource of its name is its own. One that appears while the store goes is a new wish."""
        uid = resource["metadata"]["uid"]
        return not self.going or uid in (self.uid, self.wish_uid) or (not self.uid and was_written(resource))


def holder_of(name: str) -> Holder | None:
    """The store that has the name in the cluster."""
    return holders_of([name]).get(name)


def holders_of(names: Iterable[str]) -> dict[str, Holder]:
    """The same for many names."""
    return _holders(Store.objects.not_gone().filter(name__in=list(names)))


def vanished(uids: Set[str]) -> list[Holder]:
    """Stores whose resource was there once and is not among those that are there now, by uid."""
    holders = _holders(Store.objects.not_gone().filter(mirror__isnull=False)).values()
    return [each for each in holders if (each.uid or each.wish_uid) and not {each.uid, each.wish_uid} & uids]


def _holders(stores: StoreQuerySet) -> dict[str, Holder]:
    # The youngest comes first, so that the eldest of a name stays.
    rows = stores.order_by("-pk").values_list(
        "pk",
        "name",
        "deletion_requested_at",
        "mirror__store_id",
        "mirror__uid",
        "mirror__wish_uid",
        "mirror__resource_version",
    )
    return {
        name: Holder(pk, name, going is not None, mirror is not None, uid or "", wish or "", version or "")
        for pk, name, going, mirror, uid, wish, version in rows
    }
