"""What a caller may see and do: the one place, used by REST, WebSocket and admin alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, QuerySet
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from tenants.models import ApiToken, Membership, Role, Tenant, User
from tenants.plans import DEFAULT_PLAN, PLANS, Plan

M = TypeVar("M", bound=Model)

_WHO = {Role.OWNER: "owners", Role.MEMBER: "owners and members", Role.VIEWER: "members"}
_RANK = {Role.VIEWER: 1, Role.MEMBER: 2, Role.OWNER: 3}


@dataclass(frozen=True)
class Access:
    """A caller's memberships, as roles by the tenant's primary key.

    With `everything` (a superuser) all other tenants are as the caller's own, too. `plans` are the tenants' plans by
    the same keys.
    """

    roles: Mapping[int, Role] = field(default_factory=dict)
    everything: bool = False
    plans: Mapping[int, str] = field(default_factory=dict)

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

    def owned(self, rows: QuerySet[M], field_name: str = "tenant") -> QuerySet[M]:
        """The rows of the tenants that the caller owns."""
        if self.everything:
            return rows
        mine = [tenant_id for tenant_id, role in self.roles.items() if role == Role.OWNER]
        return rows.filter(**{f"{field_name}__in": mine})

    @property
    def plan(self) -> Plan:
        """The most generous plan among the caller's tenants: what their rate limit is taken from."""
        plans = PLANS.values() if self.everything else [PLANS[name] for name in self.plans.values()]
        return max(plans, key=lambda plan: plan.requests_per_minute, default=PLANS[DEFAULT_PLAN])


def caller(request: Request) -> User:
    """The user of a request that has passed IsAuthenticated."""
    return cast(User, request.user)


def access_for(request: Request) -> Access:
    """What the caller of a request may, asked for once a request."""
    known: Access | None = getattr(request, "_access", None)
    if known is None:
        known = access_of(request.user, token_of(request))
        request._access = known  # type: ignore[attr-defined]
    return known


def token_of(request: Request) -> ApiToken | None:
    """The token that a request came with."""
    return request.auth if isinstance(request.auth, ApiToken) else None


def refuse_token(request: Request, act: str) -> None:
    """Raise PermissionDenied for a request with a token: what it did would outlive the token's revocation."""
    if token_of(request) is not None:
        raise PermissionDenied(f"A token can't {act}; log in as a person.")


def access_of(user: User | AnonymousUser, token: ApiToken | None = None) -> Access:
    """Ask the database for the caller's roles, in one query; with a token, for its tenant alone."""
    if not user.is_authenticated or not user.is_active:
        return Access()
    rows = Membership.objects.filter(user_id=user.pk).values_list("tenant_id", "role", "tenant__plan")
    own = Access(
        roles={tenant_id: Role(role) for tenant_id, role, _ in rows},
        everything=user.is_superuser,
        plans={tenant_id: plan for tenant_id, _, plan in rows},
    )
    return own if token is None else within(own, token)


def within(own: Access, token: ApiToken) -> Access:
    """Of what its user may, the part that the token is for: in its tenant, and at most with its role."""
    role = own.role_in(token.tenant_id)
    if role is None:
        return Access()
    roles = {token.tenant_id: min(role, Role(token.role), key=_RANK.__getitem__)}
    return Access(roles=roles, plans={token.tenant_id: token.tenant.plan})


def at_least(role: Role | None, needed: Role) -> bool:
    """Each role may do all that the lesser ones may."""
    return role is not None and _RANK[role] >= _RANK[needed]


def refusal(role: Role | None, needed: Role, what: str) -> str:
    """Why the role isn't enough, as a sentence."""
    those = _WHO[needed]
    return f"Only {those} of the tenant may {what}; you are {'a ' + role.label.lower() if role else 'not in it'}."
