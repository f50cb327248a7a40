"""Who the caller is, and the tenants that they are in."""

from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from config.pagination import CursorPages
from tenants import audit
from tenants.access import Access, access_for, caller, token_of
from tenants.authentication import how
from tenants.models import Role, Tenant
from tenants.serializers import MeSerializer, TenantChangeSerializer, TenantDetailSerializer, TenantSerializer

# A superuser sees all tenants: /me names no more of them than fit on a screen, /tenants has pages.
_TENANTS_OF_ME = 50


class Me(APIView):
    """The caller and their tenants."""

    @extend_schema(operation_id="me", tags=["people"], responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who the platform takes the caller for, and by what."""
        user = caller(request)
        access = access_for(request)
        me = {
            "id": user.pk,
            "username": user.username,
            "external_id": user.external_id,
            "name": user.get_full_name() or user.external_id or user.username,
            "is_staff": user.is_staff,
            "is_superuser": user.is_superuser,
            "authenticated_by": how(request),
            "token": token_of(request),
            "tenants": [
                shape(tenant, access) for tenant in _counted(access.tenants()).order_by("slug")[:_TENANTS_OF_ME]
            ],
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
        return _counted(access_for(self.request).tenants())

    @extend_schema(operation_id="tenants_list", tags=["people"], responses=TenantSerializer(many=True))
    def get(self, request: Request) -> Response:
        """A page of tenants."""
        access = access_for(request)
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(TenantSerializer([shape(t, access) for t in page], many=True).data)


class TenantView(GenericAPIView[Any]):
    """What the views of one tenant share."""

    def tenant(self) -> Tenant:
        """The tenant of the address. Raises Http404 for one that isn't there or isn't the caller's."""
        tenant = _counted(access_for(self.request).tenants()).filter(slug=self.kwargs["slug"]).first()
        if tenant is None:
            raise Http404
        return tenant

    def owned_tenant(self, what: str) -> Tenant:
        """The same for an owner; PermissionDenied for anybody else in it."""
        tenant = self.tenant()
        access_for(self.request).require(tenant.pk, Role.OWNER, what)
        return tenant


class TenantDetail(TenantView):
    """One tenant."""

    serializer_class = TenantDetailSerializer

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of PATCH."""
        return TenantChangeSerializer if self.request.method in ("PATCH", "PUT") else TenantDetailSerializer

    @extend_schema(operation_id="tenants_read", tags=["people"], responses=TenantDetailSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """Its plan, how much of it is used, and the caller's role."""
        return self._answer(self.tenant())

    @extend_schema(
        operation_id="tenants_change", tags=["people"], request=TenantChangeSerializer, responses=TenantDetailSerializer
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Change the name that people see; owners only. The plan is the operator's to set."""
        tenant = self.owned_tenant("change it")
        form = TenantChangeSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        name = form.validated_data.get("name", tenant.name)
        if name != tenant.name:
            with transaction.atomic():
                Tenant.objects.filter(pk=tenant.pk).update(name=name)
                changed = {"before": {"name": tenant.name}, "after": {"name": name}}
                audit.record(request, "tenant.change", tenant.slug, tenant=tenant, **changed)
        return self._answer(self.tenant())

    def _answer(self, tenant: Tenant) -> Response:
        links = {"members": reverse("tenant-members", args=[tenant.slug], request=self.request)}
        body = {**shape(tenant, access_for(self.request)), "links": links}
        return Response(dict(TenantDetailSerializer(body).data))


def shape(tenant: Tenant, access: Access) -> dict[str, Any]:
    """A tenant from `_counted`, with the caller's role."""
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "plan": tenant.plan,
        "role": access.role_in(tenant.pk),
        "stores_used": tenant.stores_used,  # type: ignore[attr-defined]
        "stores_allowed": tenant.plan_terms.stores_allowed,
        "requests_per_minute": tenant.plan_terms.requests_per_minute,
        "created_at": tenant.created_at,
    }


def _counted(tenants: QuerySet[Tenant]) -> QuerySet[Tenant]:
    """With the number of stores that aren't gone, as quota counts them."""
    return tenants.annotate(stores_used=Count("stores", filter=Q(stores__deleted_at__isnull=True)))
