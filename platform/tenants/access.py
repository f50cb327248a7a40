"""What a caller may see and do: the one place, used by REST, WebSocket and admin alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from tenants.models import Membership, Role, Tenant, User

M = TypeVar("M", bound=Model)

_RANK = {Role.VIEWER: 1, Role.MEMBER: 2, Role.OWNER: 3}


@dataclass(frozen=True)
class Access:
    """A caller's memberships, as roles by the tenant's primary key.

    With `everything` (a superuser) all other tenants are as the caller's own, too.
    """

    roles: Mapping[int, Role] = field(default_factory=dict)
    everything: bool = False

    def role_in(self, tenant_id: int) -> Role | None:
        """The role, or None for a tenant that the caller may not know of."""
        return Role.OWNER if self.everything else self.roles.get(tenant_id)

    def may(self, tenant_id: int, needed: Role) -> bool:
        """Whether the caller has that role in the tenant, or a greater one."""
        return at_least(self.role_in(tenant_id), needed)

    def require(self, tenant_id: int, needed: Role, what: str) -> None:
        """Raise PermissionDenied with a sentence unless the caller has the role; `what` is an infinitive."""
        if not self.may(tenant_id, needed):
            raise PermissionDenied(refusal(self.role_in(tenant_id), needed, what))

    def visible(self, rows: QuerySet[M], field_name: str = "tenant") -> QuerySet[M]:
        """The rows of the caller's tenants."""
        if self.everything:
            return rows
        return rows.filter(**{f"{field_name}__in": list(self.roles)})

    def tenants(self) -> QuerySet[Tenant]:
        """The caller's tenants."""
        return self.visible(Tenant.objects.all(), "pk")


def caller(request: Request) -> User:
    """The user of a request that has passed IsAuthenticated."""
    return cast(User, request.user)


def access_of(user: User | AnonymousUser) -> Access:
    """Ask the database for the caller's roles, in one query."""
    if not user.is_authenticated or not user.is_active:
        return Access()
    rows = Membership.objects.filter(user_id=user.pk).values_list("tenant_id", "role")
    return Access(roles={tenant_id: Role(role) for tenant_id, role in rows}, everything=user.is_superuser)


def at_least(role: Role | None, needed: Role) -> bool:
    """Each role may do all that the lesser ones may."""
    return role is not None and _RANK[role] >= _RANK[needed]


def refusal(role: Role | None, needed: Role, what: str) -> str:
    """Why the role isn't enough, as a sentence."""
    those = "owners" if needed == Role.OWNER else "owners and members"
    return f"Only {those} of the tenant may {what}; you are {'a ' + role.label.lower() if role else 'not in it'}."
