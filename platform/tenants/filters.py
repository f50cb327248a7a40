"""What the lists of people can be narrowed by."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from tenants.models import ApiToken, AuditEntry, Role


class AuditFilter(filters.FilterSet):  # type: ignore[misc]
    """`action` may end in a dot for all that begin so (`token.`); times are ISO 8601."""

    action = filters.CharFilter(
        method="by_action", label="Action", max_length=60, help_text="Such as `store.delete`; `store.` for all of them."
    )
    actor = filters.CharFilter(label="Actor", max_length=200, help_text="A user name.")
    target = filters.CharFilter(label="Target", max_length=200, help_text="Such as a store's name.")
    tenant = filters.CharFilter(field_name="tenant__slug", label="Tenant", max_length=63, help_text="Its slug.")
    request_id = filters.CharFilter(label="Request id", max_length=64, help_text="As in `X-Request-Id`.")
    since = filters.IsoDateTimeFilter(
        field_name="at", lookup_expr="gte", label="Since", help_text="From this time on, as ISO 8601."
    )
    until = filters.IsoDateTimeFilter(
        field_name="at", lookup_expr="lt", label="Until", help_text="Before this time, as ISO 8601."
    )

    class Meta:
        model = AuditEntry
        fields = ("action", "actor", "target", "tenant", "request_id", "since", "until")

    def by_action(self, queryset: QuerySet[AuditEntry], _name: str, value: str) -> QuerySet[AuditEntry]:
        """One action, or one kind of them."""
        return queryset.filter(**{"action__startswith" if value.endswith(".") else "action": value})


class TokenFilter(filters.FilterSet):  # type: ignore[misc]
    """Revoked tokens are shown when they are asked for."""

    tenant = filters.CharFilter(field_name="tenant__slug", label="Tenant", max_length=63, help_text="Its slug.")
    role = filters.ChoiceFilter(choices=Role.choices, help_text="What the token may do.")
    revoked = filters.BooleanFilter(
        field_name="revoked_at", lookup_expr="isnull", exclude=True, label="Revoked", help_text="True for those only."
    )

    class Meta:
        model = ApiToken
        fields = ("tenant", "role", "revoked")
