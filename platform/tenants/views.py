"""The REST API of people: who am I, my tenants, the plans, the audit."""

from typing import Any

from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.pagination import CursorPages
from tenants.access import Access, access_of, caller
from tenants.authentication import UserHeaderAuthentication
from tenants.models import AuditEntry, Role, Tenant
from tenants.plans import PLANS
from tenants.serializers import AuditSerializer, MeSerializer, PlanSerializer, TenantSerializer

# A superuser sees all tenants: /me names no more of them than fit on a screen, /tenants has pages.
_TENANTS_OF_ME = 50


class Me(APIView):
    """The caller and their tenants."""

    @extend_schema(operation_id="me", tags=["people"], responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who the platform takes the caller for, and by what."""
        user = caller(request)
        access = access_of(user)
        by_header = isinstance(request.successful_authenticator, UserHeaderAuthentication)
        me = {
            "id": user.pk,
            "username": user.username,
            "external_id": user.external_id,
            "name": user.get_full_name() or user.external_id or user.username,
            "is_staff": user.is_staff,
            "is_superuser": user.is_superuser,
            "authenticated_by": "header" if by_header else "session",
            "tenants": [shape(tenant, access) for tenant in _counted(access.tenants())[:_TENANTS_OF_ME]],
        }
        return Response(MeSerializer(me).data, headers={"Cache-Control": "no-store"})


class SlugPages(CursorPages):
    """Tenants in the order of their slugs."""

    ordering = "slug"


class Tenants(GenericAPIView[Tenant]):
    """The caller's tenants, with role, plan and how much of it is used."""

    serializer_class = TenantSerializer
    pagination_class = SlugPages

    def get_queryset(self) -> QuerySet[Tenant]:
        """Only what the caller may see."""
        return _counted(access_of(self.request.user).tenants())

    @extend_schema(operation_id="tenants_list", tags=["people"], responses=TenantSerializer(many=True))
    def get(self, request: Request) -> Response:
        """A page of tenants."""
        access = access_of(request.user)
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(TenantSerializer([shape(t, access) for t in page], many=True).data)


class Plans(APIView):
    """The plans that a tenant or a store can have."""

    @extend_schema(operation_id="plans_list", tags=["catalogue"], responses=PlanSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All plans, smallest first."""
        plans = [
            {
                "name": plan.name,
                "label": plan.label,
                "description": plan.description,
                "stores_allowed": plan.stores_allowed,
                "storage": plan.storage,
                "resources": plan.chart_values()["resources"],
            }
            for plan in PLANS.values()
        ]
        return Response(PlanSerializer(plans, many=True).data)


class Audit(GenericAPIView[AuditEntry]):
    """Who did what in the tenants that the caller owns."""

    serializer_class = AuditSerializer
    pagination_class = CursorPages

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """Entries of owned tenants; a superuser also sees those of none."""
        entries = AuditEntry.objects.select_related("tenant")
        access = access_of(self.request.user)
        if access.everything:
            return entries
        owned = [tenant_id for tenant_id, role in access.roles.items() if role == Role.OWNER]
        return entries.filter(tenant__in=owned)

    @extend_schema(operation_id="audit_list", tags=["people"], responses=AuditSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(AuditSerializer(page, many=True).data)


def shape(tenant: Tenant, access: Access) -> dict[str, Any]:
    """A tenant from `_counted`, with the caller's role."""
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "plan": tenant.plan,
        "role": access.role_in(tenant.pk),
        "stores_used": tenant.stores_used,  # type: ignore[attr-defined]
        "stores_allowed": tenant.plan_terms.stores_allowed,
        "created_at": tenant.created_at,
    }


def _counted(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """With the number of stores that aren't gone, as quota counts them."""
    return tenants.annotate(stores_used=Count("stores", filter=Q(stores__deleted_at__isnull=True)))
