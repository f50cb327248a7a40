"""Bearer tokens: made and revoked by people, used by programs."""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer

from config.pagination import CursorPages
from tenants import audit, tokens
from tenants.access import access_for, caller, refusal, refuse_token, token_of
from tenants.choosing import tenant_for
from tenants.filters import TokenFilter
from tenants.models import ApiToken, Role
from tenants.serializers import NewTokenSerializer, TokenCreateSerializer, TokenSerializer

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class TokenView(GenericAPIView[ApiToken]):
    """What a caller sees of tokens: their own, and all of the tenants that they own."""

    serializer_class: type[BaseSerializer[Any]] = TokenSerializer
    filter_backends: tuple[type, ...] = ()

    def get_queryset(self) -> QuerySet[ApiToken]:
        """Only what the caller may see; nothing where the schema is made, without a caller."""
        if getattr(self, "swagger_fake_view", False):
            return ApiToken.objects.none()
        access = access_for(self.request)
        rows = ApiToken.objects.select_related("tenant", "user")
        owned = access.owned(ApiToken.objects.all()).values("pk")
        return access.visible(rows).filter(Q(user=caller(self.request)) | Q(pk__in=owned))


class Tokens(TokenView):
    """The bearer tokens that the caller may see."""

    pagination_class = CursorPages
    filter_backends = (DjangoFilterBackend,)
    filterset_class = TokenFilter

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        """The form for a browser is the one of POST."""
        return TokenCreateSerializer if self.request.method == "POST" else TokenSerializer

    @extend_schema(operation_id="tokens_list", tags=["people"], responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Newest first; `revoked=true` shows the revoked ones, `revoked=false` the others."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(TokenSerializer(page, many=True).data)

    @extend_schema(
        operation_id="tokens_create",
        tags=["people"],
        request=TokenCreateSerializer,
        responses={201: NewTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a token; the answer is the only place where its secret is shown."""
        refuse_token(request, "make tokens")
        form = TokenCreateSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = self._make(request, **form.validated_data)
        body = {**TokenSerializer(made.token).data, "token": made.secret}
        location = reverse("token", args=[made.token.pk], request=request)
        return Response(body, status=201, headers={"Location": location, **NO_STORE})

    def _make(self, request: Request, *, name: str, role: Role, expires_at: Any, tenant: str = "") -> tokens.Made:
        access = access_for(request)
        chosen = tenant_for(access, tenant, Role.VIEWER, "make a token")
        if not access.may(chosen.pk, Role(role)):
            own = access.role_in(chosen.pk)
            raise PermissionDenied(refusal(own, Role(role), f"make a token with the role '{role}'"))
        with transaction.atomic():
            made = tokens.make(chosen, caller(request), name=name, role=Role(role), expires_at=expires_at)
            after = {"name": name, "role": role, "expires_at": expires_at and expires_at.isoformat()}
            audit.record(request, "token.create", made.token.prefix, tenant=chosen, after=after)
        return made


class TokenDetail(TokenView):
    """One bearer token."""

    @extend_schema(operation_id="tokens_read", tags=["people"], responses=TokenSerializer)
    def get(self, request: Request, token_id: int) -> Response:
        """Everything but its secret: also when and from where it was used last."""
        return Response(dict(TokenSerializer(self._token()).data))

    @extend_schema(operation_id="tokens_revoke", tags=["people"], responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke it, at once and for ever; repeatable."""
        # A token may revoke itself, and others only as an owner: one that may only read must not end the others.
        token, held = self._token(), token_of(request)
        if held is not None and held.pk != token.pk:
            access_for(request).require(token.tenant_id, Role.OWNER, "revoke other tokens by a token")
        with transaction.atomic():
            if tokens.revoke(token):
                audit.record(request, "token.revoke", token.prefix, tenant=token.tenant, before={"name": token.name})
        return Response(status=204)

    def _token(self) -> ApiToken:
        token = self.get_queryset().filter(pk=self.kwargs["token_id"]).first()
        if token is None:
            raise Http404
        return token
