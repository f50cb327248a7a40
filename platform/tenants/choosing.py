"""For which tenant a caller acts."""

from rest_framework.exceptions import PermissionDenied, ValidationError

from tenants.access import Access, refusal
from tenants.models import Role, Tenant


def tenant_for(access: Access, slug: str, needed: Role, what: str) -> Tenant:
    """The named tenant, or the only one that the caller is in; `what` is an infinitive.

    Where there are several nothing is guessed by roles: anybody may take anybody into a tenant of theirs, and what a
    mere viewer elsewhere asked for would be made in that one.

    Raises ValidationError when the choice is open or the tenant isn't known to the caller, and PermissionDenied when
    the caller's role doesn't suffice.
    """
    if slug:
        tenant = access.tenants().filter(slug=slug).first()
        if tenant is None:
            raise ValidationError({"tenant": f"You are in no tenant '{slug}'."})
        access.require(tenant.pk, needed, what)
        return tenant
    mine = list(Tenant.objects.filter(pk__in=list(access.roles)))
    able = [tenant for tenant in mine if access.may(tenant.pk, needed)]
    if len(mine) == 1 and able:
        return able[0]
    if able:
        choices = ", ".join(tenant.slug for tenant in able)
        raise ValidationError({"tenant": f"You are in several tenants; name one of them: {choices}."})
    if access.everything:
        raise ValidationError({"tenant": "You are in no tenant yourself; name the one that it is for."})
    role = access.role_in(mine[0].pk) if mine else None
    raise PermissionDenied(refusal(role, needed, what))
