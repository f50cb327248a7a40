"""The steps' actions by pipeline and name. Each looks at the cluster first and acts only if something is missing."""

from collections.abc import Mapping

from provisioner.drift import healing
from provisioner.operations.models import OperationKind
from provisioner.pipelines.runner import Action
from provisioner.pipelines.steps import namespace, release, teardown, workloads

_UP: Mapping[str, Action] = {
    "namespace": namespace.provide,
    "helm": release.deploy,
    "db": workloads.database,
    "backend": workloads.backend,
    "storefront": workloads.storefront,
}

ACTIONS: Mapping[str, Mapping[str, Action]] = {
    OperationKind.PROVISION: _UP,
    OperationKind.RECONCILE: _UP,
    OperationKind.HEAL: {"heal": healing.heal},
    OperationKind.TEARDOWN: {
        "drain": teardown.drain,
        "release": teardown.uninstall,
        "volumes": teardown.remove_volumes,
        "namespace": teardown.remove_namespace,
        "record": teardown.close_record,
    },
}
