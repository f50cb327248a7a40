"""The Secrets with which a store's pods pull their images.

A pod finds them in its own namespace alone, and that is made together with the store. So whoever runs the platform puts
them into the platform's namespace, once, and each store gets a copy that goes with its namespace.
"""

from collections.abc import Callable

import structlog
from django.conf import settings

from provisioner.cluster import Cluster
from provisioner.cluster.kinds import SECRET
from stores.models import Store

log = structlog.get_logger(__name__)


def lend(cluster: Cluster, store: Store, check: Callable[[], object]) -> None:
    """Copy them as they are now. One that isn't there may come to the store in another way. Raises ClusterError.

    `check` is called right before each write.
    """
    for name in settings.STOREPLANE_IMAGE_PULL_SECRETS:
        found = cluster.get(SECRET, name, settings.STOREPLANE_NAMESPACE)
        if found is None:
            log.warning("no such login to copy", name=name, namespace=settings.STOREPLANE_NAMESPACE, store=store.name)
            continue
        # Without the stores' labels: it is nothing that a store was asked to have, and so none of drift's business.
        metadata = {"name": name, "namespace": store.namespace}
        kept = {"type": found["type"], "data": found.get("data") or {}}
        check()
        cluster.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **kept})
