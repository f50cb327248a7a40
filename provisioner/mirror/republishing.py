"""Rebuilding all mirrors from the records."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from provisioner.cluster import Cluster, ClusterError, Unavailable
from provisioner.mirror import sweeping, writer
from stores.models import Store

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Republished:
    """How many stores there are, how many resources had to be written, and the names of those that could not be."""

    stores: int
    written: int
    failed: tuple[str, ...]


def republish(cluster: Cluster, show: Callable[[int, int], None]) -> Republished:
    """Compare all resources with what was written, and write what is missing or differs; `show` gets (done, of).

    That resources are missing is what this is for, so it makes no event of each. Raises Unavailable when the cluster is
    out of reach; another error concerns one store, and the others go on.
    """
    names = dict(Store.objects.not_gone().values_list("pk", "name"))
    different = [store_id for store_id in sweeping.differing(cluster) if store_id in names]
    written, failed = 0, list[str]()
    for done, store_id in enumerate(different, start=1):
        try:
            written += writer.write(cluster, store_id, tell_restored=False)
        except Unavailable:
            raise
        except ClusterError as error:
            log.warning("resource not republished", store=names[store_id], error=str(error))
            failed.append(names[store_id])
        show(done, len(different))
    return Republished(len(names), written, tuple(failed))
