"""The public shapes of people, tenants, plans and the audit."""

from typing import Any

from rest_framework import serializers

from tenants.models import AuditEntry, Role


class TenantSerializer(serializers.Serializer[Any]):
    """A tenant as one of its members sees it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    plan = serializers.CharField()
    role = serializers.ChoiceField(choices=Role.choices)
    stores_used = serializers.IntegerField()
    stores_allowed = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class MeSerializer(serializers.Serializer[Any]):
    """The caller."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    external_id = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    is_staff = serializers.BooleanField()
    is_superuser = serializers.BooleanField()
    authenticated_by = serializers.ChoiceField(choices=["header", "session"])
    tenants = TenantSerializer(many=True)


class PlanSerializer(serializers.Serializer[Any]):
    """A plan of the catalogue."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    stores_allowed = serializers.IntegerField()
    storage = serializers.CharField()
    resources = serializers.DictField()


class AuditSerializer(serializers.ModelSerializer[AuditEntry]):
    """One line of the audit."""

    tenant = serializers.CharField(source="tenant.slug", allow_null=True, default=None)

    class Meta:
        model = AuditEntry
        fields = ("id", "at", "actor", "tenant", "action", "target", "address", "request_id", "before", "after")
