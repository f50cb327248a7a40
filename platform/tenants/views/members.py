"""Who is in a tenant. Everybody in it may look, owners may change, as persons and not by a token (ADR 15)."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from config.pagination import CursorPages
from tenants import audit, members
from tenants.access import refuse_token
from tenants.models import Membership, Role
from tenants.serializers import MemberAddSerializer, MemberChangeSerializer, MemberSerializer
from tenants.views.people import TenantView


class Members(TenantView):
    """The members of a tenant."""

    pagination_class = CursorPages

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of POST."""
        return MemberAddSerializer if self.request.method == "POST" else MemberSerializer

    def get_queryset(self) -> QuerySet[Membership]:
        """All of the tenant; none where the schema is made, without a tenant."""
        if "slug" not in self.kwargs:
            return Membership.objects.none()
        return Membership.objects.filter(tenant=self.tenant()).select_related("user")

    @extend_schema(operation_id="members_list", tags=["people"], responses=MemberSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The newest first."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(MemberSerializer(page, many=True).data)

    @extend_schema(
        operation_id="members_add",
        tags=["people"],
        request=MemberAddSerializer,
        responses={201: MemberSerializer, 200: MemberSerializer},
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take somebody in: 201, or 200 when they have that role already."""
        refuse_token(request, "take somebody in")
        tenant = self.owned_tenant("take somebody in")
        form = MemberAddSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        with transaction.atomic():
            membership, new = members.add(tenant, form.validated_data["user"], Role(form.validated_data["role"]))
            if new:
                user, role = membership.user.username, membership.role
                audit.record(request, "member.add", user, tenant=tenant, after={"role": role})
        location = reverse("tenant-member", args=[tenant.slug, membership.pk], request=request)
        body = dict(MemberSerializer(membership).data)
        return Response(body, status=201 if new else 200, headers={"Location": location})


class MemberDetail(TenantView):
    """One member of a tenant."""

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of PATCH."""
        return MemberChangeSerializer if self.request.method in ("PATCH", "PUT") else MemberSerializer

    @extend_schema(operation_id="members_read", tags=["people"], responses=MemberSerializer)
    def get(self, request: Request, slug: str, membership_id: int) -> Response:
        """Their role."""
        return Response(dict(MemberSerializer(self._membership()).data))

    @extend_schema(
        operation_id="members_change", tags=["people"], request=MemberChangeSerializer, responses=MemberSerializer
    )
    def patch(self, request: Request, slug: str, membership_id: int) -> Response:
        """Give them another role; 409 when no owner would be left."""
        refuse_token(request, "change roles")
        tenant = self.owned_tenant("change roles")
        form = MemberChangeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        membership = self._membership()
        before, role = membership.role, form.validated_data["role"]
        with transaction.atomic():
            membership = members.change_role(membership, Role(role))
            if before != role:
                roles = {"before": {"role": before}, "after": {"role": role}}
                audit.record(request, "member.change", membership.user.username, tenant=tenant, **roles)
        return Response(dict(MemberSerializer(membership).data))

    @extend_schema(operation_id="members_remove", tags=["people"], responses={204: None})
    def delete(self, request: Request, slug: str, membership_id: int) -> Response:
        """Put them out, with their tokens; everybody may leave. 409 for the last owner."""
        refuse_token(request, "put somebody out")
        tenant, membership = self.tenant(), self._membership()
        if membership.user_id != request.user.pk:
            self.owned_tenant("put somebody out")
        with transaction.atomic():
            members.remove(membership)
            user = membership.user.username
            audit.record(request, "member.remove", user, tenant=tenant, before={"role": membership.role})
        return Response(status=204)

    def _membership(self) -> Membership:
        rows = Membership.objects.select_related("user", "tenant").filter(tenant=self.tenant())
        membership = rows.filter(pk=self.kwargs["membership_id"]).first()
        if membership is None:
            raise Http404
        return membership
