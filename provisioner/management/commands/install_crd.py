"""`manage.py install_crd`: put the Store definition into the cluster, or print it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provisioner.cluster import ClusterError, cluster
from provisioner.cluster.kinds import CUSTOM_RESOURCE_DEFINITION
from provisioner.mirror.schema import crd, crd_yaml


def _is_established(definition: dict[str, Any] | None) -> bool:
    # The API server writes null for the list until it has looked at the definition.
    conditions = (definition or {}).get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


class Command(BaseCommand):
    """Apply the CRD and wait until the API server serves it."""

    help = "Install the Store custom resource definition into the cluster; safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print", action="store_true", help="print the YAML and touch nothing")
        parser.add_argument("--timeout", type=float, default=30, help="seconds to wait for it to be served")

    def handle(self, *args: Any, **options: Any) -> None:
        definition = crd()
        if options["print"]:
            self.stdout.write(crd_yaml())
            return
        name = definition["metadata"]["name"]
        try:
            cluster().apply(definition)
            served = cluster().wait_for(
                CUSTOM_RESOURCE_DEFINITION, name, None, _is_established, timeout=options["timeout"]
            )
        except ClusterError as error:
            raise CommandError(f"The Store definition could not be installed: {error}") from None
        if served is None:
            raise CommandError(f"The cluster doesn't serve '{name}' after {options['timeout']:.0f} s.")
        self.stdout.write(f"{name} is installed.")
