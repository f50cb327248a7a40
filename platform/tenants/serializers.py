"""The public shapes of people, tenants, plans, tokens and the audit."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from config.serializers import KnownFieldsOnly
from tenants.models import ApiToken, AuditEntry, Membership, Role
from tenants.plans import PLAN_CHOICES

_MAX_DAYS = 3650


class TenantSerializer(serializers.Serializer[Any]):
    """A tenant as one of its members sees it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    plan = serializers.ChoiceField(choices=PLAN_CHOICES)
    role = serializers.ChoiceField(choices=Role.choices)
    stores_used = serializers.IntegerField(help_text="Stores that aren't gone yet.")
    stores_allowed = serializers.IntegerField()
    requests_per_minute = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class TenantDetailSerializer(TenantSerializer):
    """A tenant with where to go from it."""

    links = serializers.DictField(child=serializers.URLField())


class TenantChangeSerializer(KnownFieldsOnly):
    """What its owners may change of a tenant."""

    name = serializers.CharField(required=False, max_length=200, help_text="What people call the tenant; free text.")


class ResourcesSerializer(serializers.Serializer[Any]):
    """What one part of a store asks for and may use, as in a container's `resources`."""

    requests = serializers.DictField(child=serializers.CharField())
    limits = serializers.DictField(child=serializers.CharField())


class PlanSerializer(serializers.Serializer[Any]):
    """A plan of the catalogue: what a tenant may have, and what each store may use."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    stores_allowed = serializers.IntegerField(help_text="For a tenant on this plan.")
    requests_per_minute = serializers.IntegerField(help_text="For each caller of a tenant on this plan.")
    cpu = serializers.CharField(help_text="What a store's pods may use together (a Kubernetes quantity).")
    memory = serializers.CharField(help_text="What a store's pods may use together.")
    storage = serializers.CharField(help_text="The size of a store's database volume at its birth.")
    resources = serializers.DictField(child=ResourcesSerializer(), help_text="By part of the store.")
    quota = serializers.DictField(
        child=serializers.CharField(),
        help_text="`hard` of the store's ResourceQuota: with room for each moment of a change of plan.",
    )


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token without its secret, which nobody can read again."""

    tenant = serializers.CharField(source="tenant.slug")
    user = serializers.CharField(source="user.username")

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id",
            "name",
            "prefix",
            "tenant",
            "user",
            "role",
            "created_at",
            "expires_at",
            "last_used_at",
            "last_used_from",
            "revoked_at",
        )
        read_only_fields = fields


class NewTokenSerializer(TokenSerializer):
    """A token that was just made: the only answer that holds its secret."""

    token = serializers.CharField(help_text="Send it as `Authorization: Bearer …`. It is shown this once.")

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "token")
        read_only_fields = fields


class TokenCreateSerializer(KnownFieldsOnly):
    """What is asked for when a token is made."""

    name = serializers.CharField(max_length=100, help_text="What it is for, e.g. the program that will use it.")
    role = serializers.ChoiceField(
        choices=Role.choices,
        default=Role.MEMBER,
        initial=Role.MEMBER,
        help_text="At most your own role in the tenant.",
    )
    tenant = serializers.CharField(
        required=False, allow_blank=True, help_text="The slug of one of your tenants; needed when you are in several."
    )
    expires_in_days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=_MAX_DAYS, help_text="Never when left out."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """With the moment of expiry in place of the days."""
        days = attrs.pop("expires_in_days", None)
        expires_at = timezone.now() + timedelta(days=days) if days else None
        return {**attrs, "expires_at": expires_at}


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Somebody's role in a tenant."""

    user = serializers.CharField(source="user.username")
    external_id = serializers.CharField(source="user.external_id", allow_null=True)
    name = serializers.SerializerMethodField()
    since = serializers.DateTimeField(source="created_at")

    class Meta:
        model = Membership
        fields = ("id", "user", "external_id", "name", "role", "since")
        read_only_fields = fields

    def get_name(self, membership: Membership) -> str:
        """What people call them."""
        user = membership.user
        return user.get_full_name() or user.external_id or user.username


class MemberAddSerializer(KnownFieldsOnly):
    """Who is taken in."""

    user = serializers.CharField(max_length=150, help_text="A user name, or the id of an `X-User-Id`.")
    role = serializers.ChoiceField(choices=Role.choices, default=Role.MEMBER, initial=Role.MEMBER)


class MemberChangeSerializer(KnownFieldsOnly):
    """Another role."""

    role = serializers.ChoiceField(choices=Role.choices)


class MyTokenSerializer(serializers.Serializer[Any]):
    """The token that the caller came with."""

    name = serializers.CharField()
    prefix = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    expires_at = serializers.DateTimeField(allow_null=True)


class MeSerializer(serializers.Serializer[Any]):
    """The caller."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    is_staff = serializers.BooleanField()
    is_superuser = serializers.BooleanField()
    authenticated_by = serializers.ChoiceField(choices=["header", "session", "token"])
    token = MyTokenSerializer(allow_null=True)
    tenants = TenantSerializer(many=True)


@extend_schema_field({"type": ["object", "null"], "additionalProperties": True})
class ValuesField(serializers.JSONField):
    """Names of fields with their values, or null."""


class AuditSerializer(serializers.ModelSerializer[AuditEntry]):
    """One line of the audit."""

    tenant = serializers.CharField(source="tenant.slug", allow_null=True, default=None)
    before = ValuesField(read_only=True)
    after = ValuesField(read_only=True)

    class Meta:
        model = AuditEntry
        fields = ("id", "at", "actor", "via", "tenant", "action", "target", "address", "request_id", "before", "after")
        read_only_fields = fields
