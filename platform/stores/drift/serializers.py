"""The public shapes of drift (docs/api.md)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from config.serializers import KnownFieldsOnly
from stores import ignoring
from stores.choices import DriftPolicy
from stores.models import DriftRule, Store

SCOPES = ("store", "platform")
# The provisioner's words, which records know only by name (`stores.provisioning`).
VERDICTS = ("missing", "changed", "foreign")


class DifferenceSerializer(serializers.Serializer[Any]):
    """One field that isn't as it was asked for."""

    path = serializers.CharField(help_text="As a person reads it: `spec.replicas`.")
    pointer = serializers.CharField(help_text="The same by RFC 6901, for a rule: `/spec/replicas`.")
    wanted = serializers.CharField(
        help_text="JSON, cut when it is long; `nothing` for a field that shouldn't be there."
    )
    found = serializers.CharField(help_text="JSON, cut when it is long; `nothing` for a field that isn't there.")
    text = serializers.CharField(help_text="All of it: `spec.replicas: wanted 1, found 3`.")


class FindingSerializer(serializers.Serializer[Any]):
    """An object that isn't, or wasn't, as it was asked for."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    namespace = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    verdict = serializers.ChoiceField(
        choices=VERDICTS, help_text="`foreign` is an object that nobody asked for; it is only told of, never healed."
    )
    message = serializers.CharField(allow_blank=True)
    differences = DifferenceSerializer(many=True)
    detected_at = serializers.DateTimeField()
    healed_at = serializers.DateTimeField(allow_null=True)
    healed_by = serializers.UUIDField(
        allow_null=True, help_text="The operation that did it; null when it ended otherwise, or is ignored by now."
    )


class DriftSerializer(serializers.Serializer[Any]):
    """All that differs in a store, and what was healed last; the context has the `store`."""

    policy = serializers.SerializerMethodField()
    open_total = serializers.IntegerField(help_text="Of which `open` shows the newest 100.")
    open = FindingSerializer(many=True)
    healed = FindingSerializer(many=True, help_text="The last 20, the newest first.")
    links = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ChoiceField(choices=DriftPolicy.values))
    def get_policy(self, _view: Any) -> str:
        """What is done about it; `PATCH /stores/{name}` changes it by `drift_policy`."""
        return str(self._store.drift_policy)

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_links(self, _view: Any) -> dict[str, str]:
        """Where to go from here."""
        request = self.context.get("request")
        return {
            "store": reverse("store", args=[self._store.name], request=request),
            "rules": reverse("store-drift-rules", args=[self._store.name], request=request),
        }

    @property
    def _store(self) -> Store:
        store: Store = self.context["store"]
        return store


class RuleSerializer(serializers.ModelSerializer[DriftRule]):
    """What is ignored in a store; the context has the store's `name`."""

    href = serializers.SerializerMethodField()
    scope = serializers.SerializerMethodField()
    created_by = serializers.SerializerMethodField()

    class Meta:
        model = DriftRule
        fields = ("id", "href", "scope", "kind", "name", "pointer", "manager", "reason", "created_by", "created_at")

    def get_href(self, rule: DriftRule) -> str:
        """The rule's own address."""
        return reverse("store-drift-rule", args=[self.context["name"], rule.pk], request=self.context.get("request"))

    @extend_schema_field(serializers.ChoiceField(choices=SCOPES))
    def get_scope(self, rule: DriftRule) -> str:
        """Whose it is; one of the platform holds for all stores and is changed by an operator only."""
        return SCOPES[rule.store_id is None]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_created_by(self, rule: DriftRule) -> str | None:
        """Who made it; null for one that came by kubectl, and for those of the platform."""
        return rule.created_by.get_username() if rule.created_by and rule.store_id else None


def _optional(field: str, pattern: str, help_text: str) -> serializers.CharField:
    shape = {"type": "string", "maxLength": ignoring.LENGTHS[field], "pattern": f"^$|{pattern}"}

    @extend_schema_field(shape)
    class RuleField(serializers.CharField):
        """Judged with the others, by `stores.ignoring`."""

    return RuleField(required=False, allow_blank=True, default="", trim_whitespace=False, help_text=help_text)


class RuleCreateSerializer(KnownFieldsOnly):
    """What is to be ignored; at least one of kind, name, pointer and manager, and all that are set have to match."""

    kind = _optional("kind", ignoring.KIND, "Of the object, such as `Deployment`.")
    name = _optional("name", ignoring.NAME, "Of the object; a pattern with `*`, `?` and `[abc]`.")
    pointer = _optional("pointer", ignoring.POINTER, "A field and all below it, by RFC 6901: `/spec/replicas`.")
    manager = _optional("manager", ignoring.MANAGER, "The field manager that has set the field.")
    reason = serializers.CharField(
        required=False, allow_blank=True, max_length=300, default="", help_text="For whoever reads it later."
    )

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        """The rules of `stores.ignoring`, all at once."""
        problems = ignoring.problems_with(attrs)
        if problems:
            raise serializers.ValidationError({field: [problem] for field, problem in problems.items()})
        return attrs
