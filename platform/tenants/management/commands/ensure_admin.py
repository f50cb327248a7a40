"""`manage.py ensure_admin`: the first superuser, with a tenant of its own."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from config.environment import Environment
from tenants.identity import give_tenant
from tenants.models import Tenant, User

USERNAME = "admin"


class Command(BaseCommand):
    """Idempotent: a second run changes the password to the one given and nothing else."""

    help = "Make the superuser 'admin' with the password in STOREPLANE_ADMIN_PASSWORD, or give it that password."

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or mend the account in one transaction."""
        password = Environment().str("STOREPLANE_ADMIN_PASSWORD", "")
        if not password:
            raise CommandError("STOREPLANE_ADMIN_PASSWORD is empty; set it to the password that 'admin' shall have.")
        with transaction.atomic():
            user, made = User.objects.get_or_create(username=USERNAME)
            user.is_staff = user.is_superuser = user.is_active = True
            if not user.check_password(password):
                user.set_password(password)
            user.save()
            if not user.memberships.exists():
                give_tenant(user, _free_slug(), "Administration")
        self.stdout.write(f"Superuser '{USERNAME}' {'made' if made else 'is there'}.")


def _free_slug() -> str:
    """`admin`, unless an X-User-Id of that name came first."""
    return USERNAME if not Tenant.objects.filter(slug=USERNAME).exists() else f"{USERNAME}-own"
