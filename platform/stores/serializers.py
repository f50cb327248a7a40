"""The public shapes of stores, events and operations (docs/api.md)."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from config.serializers import KnownFieldsOnly
from stores import names
from stores.choices import ConditionType, DriftPolicy, EventType
from stores.engines import ENGINES
from stores.models import Condition, Store, StoreEvent
from stores.provisioning import WorkView
from stores.services import CHANGEABLE
from tenants.plans import PLANS

NO_WORK = WorkView()
# The provisioner's words, which records know only by name (`stores.provisioning`).
OPERATION_KINDS = ("provision", "reconcile", "teardown", "heal")
OPERATION_STATES = ("queued", "running", "succeeded", "failed", "cancelled")
STEP_STATES = ("pending", "running", "waiting", "succeeded", "failed", "skipped", "cancelled")
_ORDER = {type_: place for place, type_ in enumerate(ConditionType.values)}


class ConditionSerializer(serializers.ModelSerializer[Condition]):
    """A condition by the Kubernetes convention."""

    class Meta:
        model = Condition
        fields = ("type", "status", "reason", "message", "last_transition_time", "observed_generation")


class StepSerializer(serializers.Serializer[Any]):
    """A step of a pipeline."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.ChoiceField(choices=STEP_STATES)
    attempt = serializers.IntegerField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is looked at or tried again.")
    waiting_for = serializers.CharField(allow_blank=True)
    error_reason = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)


class OperationRefSerializer(serializers.Serializer[Any]):
    """An operation in short, inside a store."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=OPERATION_KINDS)
    state = serializers.ChoiceField(choices=OPERATION_STATES)
    explanation = serializers.CharField(
        allow_blank=True, help_text="Why it is where it is, in one sentence; empty once it has succeeded."
    )


class OperationSerializer(OperationRefSerializer):
    """One piece of work on a store."""

    store = serializers.CharField()
    tenant = serializers.CharField()
    generation = serializers.IntegerField(help_text="Of the store's spec that it works towards.")
    queue_position = serializers.IntegerField(allow_null=True, help_text="1 is next; null for what doesn't wait.")
    request_id = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    error_reason = serializers.CharField(allow_blank=True)
    error = serializers.CharField(allow_blank=True)
    steps = StepSerializer(many=True)


class EventSerializer(serializers.ModelSerializer[StoreEvent]):
    """One line of the activity log."""

    store = serializers.CharField(source="store.name")
    type = serializers.ChoiceField(choices=EventType.values)

    class Meta:
        model = StoreEvent
        fields = ("id", "store", "type", "message", "phase", "step", "origin", "timestamp", "request_id")


# One of each for all stores: to build a serializer costs more than to use it, and lists need hundreds.
_CONDITION, _STEP, _OPERATION = ConditionSerializer(), StepSerializer(), OperationRefSerializer()


class StoreSerializer(serializers.ModelSerializer[Store]):
    """A store as lists and the WebSocket show it; the context's `work` maps primary keys to WorkView."""

    href = serializers.SerializerMethodField()
    tenant = serializers.CharField(source="tenant.slug")
    url = serializers.CharField()
    admin_url = serializers.CharField()
    queue_position = serializers.SerializerMethodField()
    conditions = serializers.SerializerMethodField()
    pipeline = serializers.SerializerMethodField()
    operation = serializers.SerializerMethodField()

    class Meta:
        model = Store
        fields: tuple[str, ...] = (
            "id",
            "href",
            "name",
            "display_name",
            "tenant",
            "engine",
            "plan",
            "phase",
            "message",
            "url",
            "admin_url",
            "queue_position",
            "created_at",
            "ready_at",
            "generation",
            "observed_generation",
            "drift_policy",
            "suspended",
            "deletion_protection",
            "conditions",
            "pipeline",
            "operation",
        )

    def _work(self, store: Store) -> WorkView:
        work: WorkView = self.context["work"].get(store.pk, NO_WORK)
        return work

    def get_href(self, store: Store) -> str:
        """The store's own address; a path where there is no request to take the host from."""
        return reverse("store", args=[store.name], request=self.context.get("request"))

    def get_queue_position(self, store: Store) -> int | None:
        """The place among those who wait for a slot, 1 being next."""
        return self._work(store).queue_position

    @extend_schema_field(ConditionSerializer(many=True))
    def get_conditions(self, store: Store) -> Any:
        """In the order in which a birth turns them True, not in that of their rows."""
        conditions = sorted(store.conditions.all(), key=lambda condition: _ORDER.get(condition.type, len(_ORDER)))
        return [_CONDITION.to_representation(condition) for condition in conditions]

    @extend_schema_field(StepSerializer(many=True))
    def get_pipeline(self, store: Store) -> Any:
        """The steps of the latest operation."""
        return [_STEP.to_representation(step) for step in self._work(store).pipeline]

    @extend_schema_field(OperationRefSerializer(allow_null=True))
    def get_operation(self, store: Store) -> Any:
        """The latest operation, or null."""
        operation = self._work(store).operation
        return None if operation is None else _OPERATION.to_representation(operation)


class VerdictSerializer(serializers.Serializer[Any]):
    """Whether an action may be taken now, and if not, why."""

    allowed = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)


class StoreDetailSerializer(StoreSerializer):
    """A store with its last events and what the caller may do; the context adds `events` and `actions`."""

    events = serializers.SerializerMethodField()
    allowed_actions = serializers.SerializerMethodField()
    links = serializers.SerializerMethodField()

    class Meta(StoreSerializer.Meta):
        fields = (*StoreSerializer.Meta.fields, "events", "allowed_actions", "links")

    @extend_schema_field(EventSerializer(many=True))
    def get_events(self, store: Store) -> Any:
        """The last 15, newest first."""
        return EventSerializer(self.context["events"], many=True).data

    @extend_schema_field(serializers.DictField(child=VerdictSerializer()))
    def get_allowed_actions(self, store: Store) -> Any:
        """Each action with its verdict."""
        return {name: VerdictSerializer(verdict).data for name, verdict in self.context["actions"].items()}

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_links(self, store: Store) -> Any:
        """Where to go from here."""
        request = self.context.get("request")
        pages = ("logs", "drift", "credentials", "retry", "reconcile")
        links = {page: reverse(f"store-{page}", args=[store.name], request=request) for page in pages}
        operation = self._work(store).operation
        if operation is not None:
            links["operation"] = reverse("operation", args=[operation.id], request=request)
        return links


@extend_schema_field(
    {
        "type": "string",
        "minLength": names.MIN_LENGTH,
        "maxLength": names.MAX_LENGTH,
        "pattern": f"^{names.PATTERN.pattern}$",
        "not": {"enum": sorted(names.RESERVED)},
    }
)
class StoreNameField(serializers.CharField):
    """A name by the rules of `stores.names`, which gives the sentences of the errors."""


class NameSerializer(serializers.Serializer[Any]):
    """Whether a store may be made under a name."""

    name = serializers.CharField()
    valid = serializers.BooleanField(help_text="Whether a store may bear it at all.")
    available = serializers.BooleanField(help_text="Whether it is free now; no promise, only a store holds a name.")
    url = serializers.CharField(allow_blank=True, help_text="Where the shop would be; empty for an invalid name.")
    reason = serializers.CharField(
        allow_blank=True,
        help_text="The sentence with which `POST /stores` would refuse it; empty for one that is free.",
    )


class StoreCreateSerializer(KnownFieldsOnly):
    """What is asked for when a store is made."""

    name = StoreNameField(
        trim_whitespace=False, help_text="A DNS label of 3 to 40 characters; it becomes the shop's host name."
    )
    engine = serializers.ChoiceField(choices=[(e.name, e.label) for e in ENGINES.values()])
    plan = serializers.ChoiceField(
        choices=[(p.name, p.label) for p in PLANS.values()],
        required=False,
        allow_blank=True,
        help_text="The tenant's own plan when left out.",
    )
    display_name = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="What people call the shop; free text."
    )
    tenant = serializers.CharField(
        required=False, allow_blank=True, help_text="The slug of one of your tenants; needed when you are in several."
    )

    def validate_name(self, value: str) -> str:
        """The rules of `stores.names`."""
        problem = names.problem_with(value)
        if problem:
            raise serializers.ValidationError(problem)
        return value


class StoreChangeSerializer(KnownFieldsOnly):
    """What can be changed while the store lives."""

    display_name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    plan = serializers.ChoiceField(
        choices=[(p.name, p.label) for p in PLANS.values()],
        required=False,
        help_text="What the store may use from now on; the database's volume keeps its size.",
    )
    drift_policy = serializers.ChoiceField(choices=DriftPolicy.choices, required=False)
    deletion_protection = serializers.BooleanField(required=False)
    suspended = serializers.BooleanField(
        required=False, help_text="True stops all work on the store but its removal; the shop stays as it is."
    )

    def unknown(self, key: object, known: list[str]) -> str:
        """Fields of a store that are fixed get the same answer as ones that don't exist: here is what can change."""
        return f"This can't be changed; the fields that can are {', '.join(CHANGEABLE)}."


class EngineSerializer(serializers.Serializer[Any]):
    """An engine of the catalogue."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    available = serializers.BooleanField()
    message = serializers.CharField(allow_blank=True)


class CredentialsSerializer(serializers.Serializer[Any]):
    """What the shop's owner logs in with."""

    admin_url = serializers.CharField()
    admin_email = serializers.CharField()
    admin_password = serializers.CharField()
    backend_url = serializers.CharField()
    publishable_key = serializers.CharField()
