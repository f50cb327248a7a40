"""`manage.py mirror_republish`: rebuild all Store resources from the database, for instance into an empty cluster."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provisioner.cluster import ClusterError, cluster
from provisioner.mirror.republishing import republish

SHOWN_EVERY = 100


class Command(BaseCommand):
    """Compare each store with its resource, and write what is missing or differs."""

    help = (
        "Rebuild all Store resources from the database: what is missing or differs is written, what is as it should be "
        "is left alone. Safe to run again, and while the platform works. Run install_crd first in a new cluster. "
        "Wishes in the cluster that were not looked at yet are taken as always."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="show the result only")

    def handle(self, *args: Any, **options: Any) -> None:
        def show(done: int, of: int) -> None:
            if not options["quiet"] and (done % SHOWN_EVERY == 0 or done == of):
                self.stdout.write(f"{done} of {of} stores")

        try:
            result = republish(cluster(), show)
        except ClusterError as error:
            raise CommandError(f"The cluster doesn't take the resources: {error} Run the command again.") from None
        self.stdout.write(f"{result.written} of {result.stores} resources were written.")
        if result.failed:
            raise CommandError(f"Not written: {', '.join(result.failed)}. The log says why; run the command again.")
