"""`manage.py crd`: write the Store definition to where the platform's chart ships it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from provisioner.mirror.schema import crd_yaml

SHIPPED = settings.ROOT / "deploy" / "chart" / "crds" / "stores.yaml"


class Command(BaseCommand):
    """Make the YAML from the definition in code."""

    help = "Write the Store custom resource definition as YAML; `install_crd --print` only shows it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, default=SHIPPED, help=f"the file to write (default: {SHIPPED})")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(crd_yaml())
        self.stdout.write(f"{output} is written.")
