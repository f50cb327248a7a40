"""The REST API of stores. Thin: who may, what was said, which service, which code."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from config.pagination import CursorPages, Ordering
from config.request_id import request_id_of
from stores import actions, services
from stores.availability import availability_of
from stores.engines import ENGINES
from stores.errors import ClusterUnavailable, NoCredentials
from stores.filters import EventFilter, StoreFilter
from stores.models import Store, StoreEvent
from stores.provisioning import CredentialsNotReady, OperationView, ProvisioningError, provisioner
from stores.selectors import detail_context, visible_stores, work_context
from stores.serializers import (
    CredentialsSerializer,
    EngineSerializer,
    EventSerializer,
    NameSerializer,
    OperationSerializer,
    StoreChangeSerializer,
    StoreCreateSerializer,
    StoreDetailSerializer,
    StoreSerializer,
)
from tenants import audit
from tenants.access import Access, access_for, caller
from tenants.choosing import tenant_for
from tenants.models import Role

IDEMPOTENCY_HEADER = "Idempotency-Key"
_KEY_LENGTH = 200


class StoreList(GenericAPIView[Store]):
    """The stores of the caller's tenants."""

    pagination_class = CursorPages
    filter_backends = (DjangoFilterBackend, Ordering)
    filterset_class = StoreFilter
    ordering = "name"
    ordering_fields = {"name": "name", "created_at": "created_at", "phase": "phase_order"}

    def get_queryset(self) -> QuerySet[Store]:
        """Only what the caller may see."""
        return visible_stores(access_for(self.request))

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of POST."""
        return StoreCreateSerializer if self.request.method == "POST" else StoreSerializer

    @extend_schema(operation_id="stores_list", tags=["stores"], responses=StoreSerializer(many=True))
    def get(self, request: Request) -> Response:
        """A page of stores, in a number of queries that doesn't depend on how many there are."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        context = {**self.get_serializer_context(), **work_context(page)}
        return self.get_paginated_response(StoreSerializer(page, many=True, context=context).data)

    @extend_schema(
        operation_id="stores_create",
        tags=["stores"],
        request=StoreCreateSerializer,
        responses={201: StoreDetailSerializer, 200: StoreDetailSerializer},
        parameters=[
            OpenApiParameter(
                IDEMPOTENCY_HEADER,
                {"type": "string", "maxLength": _KEY_LENGTH, "pattern": "^[ -~]*$"},
                OpenApiParameter.HEADER,
                description="A key of yours that stands for this wish for ever, so that it can be sent again.",
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Ask for a store: 201 when this request made it, 200 when the same wish was granted before."""
        form = StoreCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wish = dict(form.validated_data)
        access = access_for(request)
        tenant = tenant_for(access, wish.pop("tenant", ""), Role.MEMBER, "make a store")
        with transaction.atomic():
            created = services.create_store(
                tenant,
                services.StoreSpec(**wish),
                by=caller(request),
                idempotency_key=_idempotency_key(request),
                request_id=request_id_of(request),
            )
            if created.new:
                audit.record(request, "store.create", created.store.name, tenant=tenant, after=wish)
        store = visible_stores(access).get(pk=created.store.pk)
        # A plain dictionary: the page for a browser would make its form from the serializer behind the data.
        body = dict(StoreDetailSerializer(store, context={"request": request, **detail_context(store, access)}).data)
        location = reverse("store", args=[store.name], request=request)
        return Response(body, status=201 if created.new else 200, headers={"Location": location})


def _idempotency_key(request: Request) -> str:
    key = request.headers.get(IDEMPOTENCY_HEADER, "")
    if len(key) > _KEY_LENGTH or not key.isascii() or not (key == "" or key.isprintable()):
        raise ValidationError({IDEMPOTENCY_HEADER: f"Use at most {_KEY_LENGTH} printable ASCII characters."})
    return key.strip()


class StoreView(GenericAPIView[Store]):
    """What the views of one store share: finding it, and what the caller may do."""

    serializer_class: type[BaseSerializer[Any]] = StoreDetailSerializer
    filter_backends: tuple[type, ...] = ()
    pagination_class: type[CursorPages] | None = None

    def access(self) -> Access:
        """The caller's roles."""
        return access_for(self.request)

    def store(self) -> Store:
        """The store of the address. Raises Http404 for one that isn't there or isn't the caller's."""
        store = visible_stores(self.access()).by_name(self.kwargs["name"])
        if store is None:
            raise Http404
        return store

    def store_for(self, action: actions.Action) -> Store:
        """The same, when the caller's role allows the action; PermissionDenied otherwise."""
        store = self.store()
        self.access().require(store.tenant_id, action.role, action.what)
        return store

    def shown(self, store: Store) -> Any:
        """The store's whole shape."""
        context = {"request": self.request, **detail_context(store, self.access())}
        return dict(StoreDetailSerializer(store, context=context).data)


class StoreDetail(StoreView):
    """One store."""

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of PATCH."""
        return StoreChangeSerializer if self.request.method in ("PATCH", "PUT") else StoreDetailSerializer

    @extend_schema(operation_id="stores_read", tags=["stores"], responses=StoreDetailSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Spec, phase, conditions, pipeline, the last events, and what the caller may do."""
        return Response(self.shown(self.store()))

    @extend_schema(
        operation_id="stores_change", tags=["stores"], request=StoreChangeSerializer, responses=StoreDetailSerializer
    )
    def patch(self, request: Request, name: str) -> Response:
        """Change display_name, plan, drift_policy, deletion_protection or suspended."""
        store = self.store_for(actions.CHANGE)
        form = StoreChangeSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changes = dict(form.validated_data)
        before = {field: getattr(store, field) for field in changes}
        with transaction.atomic():
            services.change_store(store, changes, request_id=request_id_of(request))
            if before != changes:
                audit.record(request, "store.change", name, tenant=store.tenant, before=before, after=changes)
        return Response(self.shown(self.store()))

    @extend_schema(operation_id="stores_delete", tags=["stores"], responses={202: OperationSerializer})
    def delete(self, request: Request, name: str) -> Response:
        """Ask for the store's removal; asked again, the removal that is under way answers."""
        store = self.store_for(actions.DELETE)
        with transaction.atomic():
            # Under the row's lock, so that of several requests at once only the one that changes something is noted.
            first = Store.objects.select_for_update(no_key=True).get(pk=store.pk).deletion_requested_at is None
            operation = services.request_teardown(store, request_id=request_id_of(request))
            if first:
                audit.record(request, "store.delete", name, tenant=store.tenant)
        return _accepted(request, operation)


class StoreWork(StoreView):
    """What the views that ask for work on a store share."""

    bodyless = True  # for `config.browsable`: a button, no form
    serializer_class = OperationSerializer

    def ask(self, action: actions.Action, service: Callable[..., OperationView]) -> Response:
        """Have the service do it, and note who asked: 202 with the operation."""
        store = self.store_for(action)
        with transaction.atomic():
            operation = service(store, request_id=request_id_of(self.request))
            audit.record(self.request, f"store.{action.name}", store.name, tenant=store.tenant)
        return _accepted(self.request, operation)


class StoreRetry(StoreWork):
    """Try a failed store again."""

    @extend_schema(operation_id="stores_retry", tags=["stores"], request=None, responses={202: OperationSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Start again with fresh counters; 409 unless the store has failed or is degraded."""
        return self.ask(actions.RETRY, services.retry)


class StoreReconcile(StoreWork):
    """Compare a store with what was asked for, now."""

    @extend_schema(operation_id="stores_reconcile", tags=["stores"], request=None, responses={202: OperationSerializer})
    def post(self, request: Request, name: str) -> Response:
        """Put right what differs; a step that waits for a later attempt goes on now. 409 for a suspended store."""
        return self.ask(actions.RECONCILE, services.reconcile)


class StoreLogs(StoreView):
    """The activity log of one store."""

    serializer_class = EventSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = EventFilter
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[StoreEvent]:  # type: ignore[override]
        """All events of the store; none where the schema is made, without a store."""
        if "name" not in self.kwargs:
            return StoreEvent.objects.none()
        return self.store().events.select_related("store")

    @extend_schema(operation_id="stores_logs", tags=["stores"], responses=EventSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []  # type: ignore[arg-type]
        return self.get_paginated_response(EventSerializer(page, many=True).data)


class StoreCredentials(StoreView):
    """The logins of one store; owners only, and each reading is noted in the audit."""

    serializer_class = CredentialsSerializer

    @extend_schema(operation_id="stores_credentials", tags=["stores"], responses=CredentialsSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Read from the store's Secret in the cluster; kept nowhere else, cached by nobody."""
        store = self.store_for(actions.CREDENTIALS)
        # Noted before the reading: a reader whose answer gets lost has been one all the same.
        audit.record(request, "store.credentials", name, tenant=store.tenant)
        try:
            credentials = provisioner().credentials(store)
        except CredentialsNotReady as error:
            raise NoCredentials(str(error)) from error
        except ProvisioningError as error:
            raise ClusterUnavailable(str(error)) from error
        body = CredentialsSerializer(credentials).data
        return Response(body, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


class OperationDetail(APIView):
    """One operation with its steps."""

    @extend_schema(operation_id="operations_read", tags=["operations"], responses=OperationSerializer)
    def get(self, request: Request, operation_id: str) -> Response:
        """Its state, its steps and their times."""
        try:
            operation = provisioner().operation(UUID(operation_id))
        except ValueError:
            raise Http404 from None
        if operation is None or not access_for(request).tenants().filter(slug=operation.tenant).exists():
            raise Http404
        return Response(OperationSerializer(operation).data)


class NameDetail(APIView):
    """Whether a name is free."""

    @extend_schema(operation_id="names_read", tags=["stores"], responses=NameSerializer)
    def get(self, request: Request, name: str) -> Response:
        """For a form that is being filled in: any name gets an answer, and a taken one is only that."""
        body = NameSerializer(availability_of(name)).data
        return Response(body, headers={"Cache-Control": "no-store"})


class EngineList(APIView):
    """The catalogue of engines."""

    @extend_schema(operation_id="engines_list", tags=["catalogue"], responses=EngineSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All engines, also those that are to come."""
        return Response(EngineSerializer(ENGINES.values(), many=True).data)


def _accepted(request: Request, operation: OperationView) -> Response:
    location = reverse("operation", args=[operation.id], request=request)
    return Response(OperationSerializer(operation).data, status=202, headers={"Location": location})
