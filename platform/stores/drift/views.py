"""Reading drift, and the rules of what is ignored. Everybody in the tenant may look, members and owners may change."""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from config.pagination import CursorPages
from config.request_id import request_id_of
from stores import actions, services
from stores.drift.serializers import DriftSerializer, RuleCreateSerializer, RuleSerializer
from stores.models import DriftRule, Store
from stores.provisioning import provisioner
from stores.views import StoreView
from tenants import audit
from tenants.access import caller


class StoreDrift(StoreView):
    """What differs in one store."""

    serializer_class = DriftSerializer

    @extend_schema(operation_id="drift_read", tags=["drift"], responses=DriftSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Objects that aren't as they were asked for, and the last that were healed."""
        store = self.store()
        context = {"request": request, "store": store}
        return Response(dict(DriftSerializer(provisioner().drift(store), context=context).data))


class RuleView(StoreView):
    """What the views of rules share."""

    serializer_class: type[BaseSerializer[Any]] = RuleSerializer

    def rules(self, store: Store) -> QuerySet[DriftRule]:
        """The store's own, and those of the whole platform."""
        return DriftRule.objects.filter(Q(store=store) | Q(store__isnull=True)).select_related("created_by")

    def told(self, rule: DriftRule) -> dict[str, Any]:
        """The rule's shape."""
        return dict(RuleSerializer(rule, context=self.rule_context()).data)

    def rule_context(self) -> dict[str, Any]:
        """What the shape needs besides the row."""
        return {"request": self.request, "name": self.kwargs["name"]}


class DriftRules(RuleView):
    """The rules that hold for one store."""

    pagination_class = CursorPages

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of POST."""
        return RuleCreateSerializer if self.request.method == "POST" else RuleSerializer

    def get_queryset(self) -> QuerySet[DriftRule]:  # type: ignore[override]
        """All that hold for the store; none where the schema is made, without a store."""
        if "name" not in self.kwargs:
            return DriftRule.objects.none()
        return self.rules(self.store())

    @extend_schema(operation_id="drift_rules_list", tags=["drift"], responses=RuleSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Newest first; those with the scope `platform` hold for all stores."""
        page = self.paginate_queryset(self.get_queryset()) or []  # type: ignore[arg-type]
        told = RuleSerializer(page, many=True, context=self.rule_context())  # type: ignore[arg-type]
        return self.get_paginated_response(told.data)

    @extend_schema(
        operation_id="drift_rules_create",
        tags=["drift"],
        request=RuleCreateSerializer,
        responses={201: RuleSerializer, 200: RuleSerializer},
    )
    def post(self, request: Request, name: str) -> Response:
        """Ignore something from now on: 201, or 200 when an equal rule is there, whatever its reason."""
        store = self.store_for(actions.CHANGE)
        form = RuleCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            added = services.add_rule(store, form.validated_data, by=caller(request), request_id=request_id_of(request))
            if added.new:
                audit.record(request, "drift-rule.create", name, tenant=store.tenant, after=dict(form.validated_data))
        location = reverse("store-drift-rule", args=[name, added.rule.pk], request=request)
        return Response(self.told(added.rule), status=201 if added.new else 200, headers={"Location": location})


class DriftRuleDetail(RuleView):
    """One rule."""

    @extend_schema(operation_id="drift_rules_read", tags=["drift"], responses=RuleSerializer)
    def get(self, request: Request, name: str, rule_id: int) -> Response:
        """What it ignores, who made it and why."""
        return Response(self.told(self._rule(self.store())))

    @extend_schema(operation_id="drift_rules_delete", tags=["drift"], responses={204: None})
    def delete(self, request: Request, name: str, rule_id: int) -> Response:
        """Judge again what it ignored. A rule of the platform is an operator's affair: 403."""
        store = self.store_for(actions.CHANGE)
        rule = self._rule(store)
        if rule.store_id is None:
            raise PermissionDenied("This rule holds for all stores; an operator can remove it in the admin.")
        with transaction.atomic():
            if services.remove_rule(store, rule, request_id=request_id_of(request)):
                before = {field: getattr(rule, field) for field in (*RuleCreateSerializer().fields,)}
                audit.record(request, "drift-rule.delete", name, tenant=store.tenant, before=before)
        return Response(status=204)

    def _rule(self, store: Store) -> DriftRule:
        rule = self.rules(store).filter(pk=self.kwargs["rule_id"]).first()
        if rule is None:
            raise Http404
        return rule
