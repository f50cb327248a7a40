"""Who is in a tenant, and as what. A tenant always keeps an owner."""

from django.db import transaction
from django.db.models import Q

from config.refusals import Conflict, Invalid
from tenants import rights
from tenants.models import Membership, Role, Tenant, User


def add(tenant: Tenant, who: str, role: Role) -> tuple[Membership, bool]:
    """Take a user in; the flag tells whether they are new. `who` is a user name or the id of an X-User-Id.

    Raises Invalid for somebody who isn't known, and Conflict for a member with another role.
    """
    user = _find(who)
    with transaction.atomic():
        _lock(tenant)
        membership, new = Membership.objects.select_related("user").get_or_create(
            tenant=tenant, user=user, defaults={"role": role}
        )
        rights.changed([user.pk])
    if not new and membership.role != role:
        raise Conflict(f"'{who}' is {membership.role} of '{tenant.slug}' already; change the role instead.")
    return membership, new


def change_role(membership: Membership, role: Role) -> Membership:
    """Give a member another role. Raises Conflict when the tenant would be left without an owner."""
    with transaction.atomic():
        tenant = _lock(membership.tenant)
        membership = Membership.objects.select_related("user", "tenant").get(pk=membership.pk)
        if role != Role.OWNER:
            _check_owner_stays(tenant, membership)
        membership.role = role
        membership.save(update_fields=["role"])
        rights.changed([membership.user_id])
    return membership


def remove(membership: Membership) -> None:
    """Put a member out; their tokens stop working. Raises Conflict for the last owner."""
    with transaction.atomic():
        tenant = _lock(membership.tenant)
        _check_owner_stays(tenant, membership)
        membership.delete()
        rights.changed([membership.user_id])


def _find(who: str) -> User:
    found = User.objects.filter(Q(username=who) | Q(external_id=who), is_active=True)
    # An id of X-User-Id may be spelt like somebody's user name: the user name is the older right.
    users = sorted(found, key=lambda user: user.username != who)
    if not users:
        raise Invalid(f"There is no user '{who}'; they must have come here once before.", field="user")
    return users[0]


def _lock(tenant: Tenant) -> Tenant:
    """Of two owners who leave at the same moment the second must see that the first is gone."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=tenant.pk)


def _check_owner_stays(tenant: Tenant, leaving: Membership) -> None:
    owners = Membership.objects.filter(tenant=tenant, role=Role.OWNER, user__is_active=True)
    if leaving.role == Role.OWNER and not owners.exclude(pk=leaving.pk).exists():
        raise Conflict(f"'{tenant.slug}' has no other owner; make somebody else an owner first.")
