"""Records what an API server makes of every object that the chart renders: `python -m tests.provisioner.drift.record`.

Against the API stand-in, or with KUBECONFIG against any cluster. Helm installs the chart, controllers do their part,
and each object is written down as it was wanted and as it was found. Run it again when the chart changes.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from provisioner import helm
from provisioner.cluster import Cluster, Manifest, kind_of
from provisioner.cluster.kinds import NAMESPACE, SECRET
from tests.charts.rendering import CHART
from tests.provisioner.drift.recorded import FIXTURES, VARIANTS

LABELS = {"app.kubernetes.io/part-of": "storeplane"}
STORE = {"displayName": "Tea Shop", "host": "tea.localhost", "url": "http://tea.localhost:8080"}


def record(cluster: Cluster, variant: str) -> list[dict[str, Manifest]]:
    """The objects of one variant, each `wanted` and `found`."""
    store = f"rec-{variant}"
    namespace = f"store-{store}"
    values = {"store": {**STORE, "name": store}, **VARIANTS[variant]}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": LABELS}})
    cluster.apply(_secret(namespace))
    try:
        helm.helm().install("store", namespace, CHART, values)
        return [_pair(cluster, wanted) for wanted in helm.helm().manifest("store", namespace)]
    finally:
        cluster.delete(NAMESPACE, namespace)


def _pair(cluster: Cluster, wanted: Manifest) -> dict[str, Manifest]:
    kind, metadata = kind_of(wanted), wanted["metadata"]
    # Its controller has seen it, so that the status and what else it writes are there.
    cluster.wait_for(kind, metadata["name"], metadata["namespace"], _is_seen, timeout=20)
    found = cluster.get(kind, metadata["name"], metadata["namespace"])
    assert found is not None
    return {"wanted": wanted, "found": found}


def _is_seen(found: Manifest | None) -> bool:
    return found is not None and (found["kind"] not in {"Deployment", "StatefulSet"} or "status" in found)


def _secret(namespace: str) -> Manifest:
    metadata = {"name": "store-credentials", "namespace": namespace}
    return {"apiVersion": "v1", "kind": SECRET.kind, "metadata": metadata, "stringData": {"POSTGRES_PASSWORD": "x"}}


def _clusters() -> Iterator[Cluster]:
    from tests.chaos.cluster import sandbox, using

    with ExitStack() as stack:
        given = os.environ.get("KUBECONFIG")
        if given:
            yield stack.enter_context(using(Path(given)))
            return
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield stack.enter_context(using(stack.enter_context(sandbox(folder))))


if __name__ == "__main__":
    import django

    django.setup()
    FIXTURES.mkdir(exist_ok=True)
    for found in _clusters():
        for name in VARIANTS:
            objects = record(found, name)
            lines = ",\n".join(json.dumps(each, sort_keys=True) for each in objects)
            (FIXTURES / f"{name}.json").write_text(f"[\n{lines}\n]\n")
            sys.stdout.write(f"{name}: {len(objects)} objects\n")
