"""People and the tenants that own stores."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from tenants.plans import DEFAULT_PLAN, PLAN_CHOICES, PLANS, Plan


class Role(models.TextChoices):
    """What a member may do in a tenant; each role may do all that the next one may."""

    OWNER = "owner", _("Owner")
    MEMBER = "member", _("Member")
    VIEWER = "viewer", _("Viewer")


class User(AbstractUser):
    """A person, or a program that speaks for one.

    `external_id` is the value of `X-User-Id` that first made the user; empty for a user made here.
    """

    external_id = models.CharField(max_length=150, null=True, blank=True, unique=True)

    class Meta(AbstractUser.Meta):
        pass


class Tenant(models.Model):
    """Who owns stores, and on which plan."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    plan = models.CharField(max_length=20, choices=PLAN_CHOICES, default=DEFAULT_PLAN)
    created_at = models.DateTimeField(auto_now_add=True)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="tenants"
    )

    class Meta:
        ordering: ClassVar = ["slug"]

    def __str__(self) -> str:
        return self.slug

    @property
    def plan_terms(self) -> Plan:
        """The plan's numbers."""
        return PLANS[self.plan]


class Membership(models.Model):
    """A user's role in a tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_of_a_user_in_a_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.tenant}"


class ApiToken(models.Model):
    """A program's key to one tenant, with a role; `tenants.tokens` makes and reads them.

    Only a digest is kept. It may never do more than its user may in the tenant now, so it stops working with them.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_tokens")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    prefix = models.CharField(max_length=20, unique=True, help_text="The readable beginning, to tell tokens apart.")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_from = models.GenericIPAddressField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


class AuditEntry(models.Model):
    """Who did what, from where. Rows are only ever added: a trigger in the database refuses anything else.

    `via` is how the actor came in: session, header, admin, kubectl, command, or token: and the token's prefix.
    """

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.CharField(max_length=200)
    via = models.CharField(max_length=40, blank=True)
    tenant = models.ForeignKey(Tenant, on_delete=models.SET_NULL, null=True, blank=True, related_name="audit_entries")
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    address = models.GenericIPAddressField(null=True, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "audit entries"
        indexes: ClassVar = [
            models.Index(fields=["target", "-id"], name="audit_of_a_target"),
            models.Index(fields=["request_id"], condition=~models.Q(request_id=""), name="audit_of_a_request"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.action} {self.target}"
