"""`manage.py rebuild_stores`: the records of stores from the cluster, when the database was lost (docs/operate.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from provisioner.cluster import ClusterError, cluster
from provisioner.mirror.rebuilding import Outcome, rebuild
from tenants.models import Tenant


class Command(BaseCommand):
    """Record each store that has a resource and no record, and have it compared with what it should be."""

    help = (
        "Rebuild the records of stores from their Store resources, for a database that was lost. Stores that are "
        "recorded are left alone, so it is safe to run again. Tenants are made by their slugs, without members."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done and do nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        counts = dict.fromkeys(Outcome, 0)
        try:
            for found in rebuild(cluster(), dry_run=options["dry_run"]):
                counts[found.outcome] += 1
                said = f"{found.name} ({found.tenant}): {found.outcome}{f': {found.why}' if found.why else ''}"
                self.stdout.write(said)
        except ClusterError as error:
            raise CommandError(f"The cluster can't be asked: {error} Run the command again.") from None
        verb = "would be" if options["dry_run"] else "were"
        self.stdout.write(f"{counts[Outcome.REBUILT]} of {sum(counts.values())} stores {verb} rebuilt.")
        empty = Tenant.objects.filter(members__isnull=True).values_list("slug", flat=True)
        if empty and not options["dry_run"]:
            self.stdout.write(f"Nobody is a member of {', '.join(sorted(empty))}: add somebody in the admin.")
        if counts[Outcome.REFUSED]:
            raise CommandError(f"{counts[Outcome.REFUSED]} resource(s) couldn't be taken; see above.")
