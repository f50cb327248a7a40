"""The audit log, for owners."""

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from config.pagination import CursorPages
from tenants.access import access_for
from tenants.filters import AuditFilter
from tenants.models import AuditEntry
from tenants.serializers import AuditSerializer


class Audit(GenericAPIView[AuditEntry]):
    """Who did what in the tenants that the caller owns."""

    serializer_class = AuditSerializer
    pagination_class = CursorPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = AuditFilter

    def get_queryset(self) -> QuerySet[AuditEntry]:
        """Entries of owned tenants; a superuser also sees those of none."""
        return access_for(self.request).owned(AuditEntry.objects.select_related("tenant"))

    @extend_schema(operation_id="audit_list", tags=["people"], responses=AuditSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(AuditSerializer(page, many=True).data)
