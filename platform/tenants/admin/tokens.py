"""Bearer tokens for the operator."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from tenants import audit, tokens
from tenants.models import ApiToken, Role

if TYPE_CHECKING:
    _TokenAdmin = admin.ModelAdmin[ApiToken]
else:  # Django's own class takes no parameter when it runs
    _TokenAdmin = admin.ModelAdmin


@admin.register(ApiToken)
class TokenAdmin(_TokenAdmin):
    """Tokens: an operator makes and revokes them, nobody reads them."""

    list_display = ("prefix", "name", "tenant", "user", "role", "state", "last_used_at", "last_used_from", "created_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter), "tenant")
    search_fields = ("prefix", "name", "user__username", "tenant__slug")
    list_select_related = ("tenant", "user")
    autocomplete_fields: ClassVar = ("tenant", "user")
    actions = ("revoke_selected",)
    shown: ClassVar = (
        "prefix", "name", "tenant", "user", "role", "expires_at", "state",
        "created_at", "last_used_at", "last_used_from", "revoked_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """A new one asks for little; an old one shows all but its digest."""
        return ("tenant", "user", "name", "role", "expires_at") if obj is None else self.shown

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Never: a token is made anew or revoked."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Never: what was revoked stays for the audit."""
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Who may revoke: those with Django's permission to change tokens."""
        return request.user.has_perm("tenants.change_apitoken")

    def save_model(self, request: HttpRequest, obj: ApiToken, form: "ModelForm[Any]", change: bool) -> None:
        """Make the token, and show its secret this once."""
        made = tokens.make(obj.tenant, obj.user, name=obj.name, role=Role(obj.role), expires_at=obj.expires_at)
        obj.pk, obj.prefix = made.token.pk, made.token.prefix
        audit.record(
            request,
            "token.create",
            obj.prefix,
            tenant=obj.tenant,
            after={"name": obj.name, "role": obj.role, "user": obj.user.username},
        )
        self.message_user(request, f"Copy the token now, it is shown this once: {made.secret}", messages.WARNING)

    @admin.display(description="State")
    def state(self, token: ApiToken) -> str:
        """Whether it can be used, or since when not."""
        return tokens.objection(token, timezone.now()) or "Usable"

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, chosen: QuerySet[ApiToken]) -> None:
        """Make tokens useless, at once and for ever."""
        done = 0
        for token in chosen.select_related("tenant"):
            with transaction.atomic():
                if tokens.revoke(token):
                    before = {"name": token.name}
                    audit.record(request, "token.revoke", token.prefix, tenant=token.tenant, before=before)
                    done += 1
        self.message_user(request, f"Revoked: {done} of the selected tokens.", messages.SUCCESS)
