"""Rebuilding all mirrors from the records."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from provisioner.cluster import Cluster, ClusterError, Unavailable
from provisioner.mirror import rows, writer
from stores.models import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Republished:
    """How many stores there are, how many resources had to be written, and the names of those that could not be."""

    stores: int
    written: int
    failed: tuple[str, ...]


def republish(cluster: Cluster, show: Callable[[int, int], None]) -> Republished:
    """Look at each store's resource and write what is missing or differs; `show` gets (done, of).

    That resources are missing is what this is for, so it makes no event of each. Raises Unavailable when the cluster is
    out of reach; another error concerns one store, and the others go on.
    """
    stores = list(Store.objects.not_gone().order_by("pk").values_list("pk", "name"))
    written, failed = 0, list[str]()
    for done, (store_id, name) in enumerate(stores, start=1):
        rows.look_again(store_id)
        try:
            written += writer.write(cluster, store_id, tell_restored=False)
        except Unavailable:
            raise
        except ClusterError as error:
            log.warning("resource not republished", store=name, error=str(error))
            failed.append(name)
        show(done, len(stores))
    return Republished(len(stores), written, tuple(failed))
