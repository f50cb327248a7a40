"""The user behind an `X-User-Id`, made together with a tenant of their own when the id is seen first."""

import hashlib
import re

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from tenants.models import Membership, Role, Tenant, User
from tenants.peers import is_trusted_proxy

HEADER = "X-User-Id"
MAX_LENGTH = 120
_ALLOWED = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._@+:|-]{{0,{MAX_LENGTH - 1}}}")
_SLUG_LENGTH = 50


class InvalidUserId(ValueError):
    """A listed proxy sent an id that can't be one; the message says what can."""


def header_is_believed(peer: str, forwarded_for: str) -> bool:
    """The rule: the setting is on and the peer is a listed proxy."""
    return bool(settings.STOREPLANE_TRUST_USER_HEADER) and is_trusted_proxy(peer, forwarded_for)


def user_for(external_id: str) -> User:
    """The user of that id. Raises InvalidUserId; safe when called at once from many threads."""
    if not _ALLOWED.fullmatch(external_id):
        raise InvalidUserId(
            f"{HEADER} must have 1 to {MAX_LENGTH} letters, digits or . _ @ + : | - and start with a letter or digit."
        )
    user = User.objects.filter(external_id=external_id).first()
    return user or _make(external_id)


def _make(external_id: str) -> User:
    short = slugify(external_id)[:_SLUG_LENGTH].strip("-") or "tenant"
    # Two ids can have one slug ("Ann" and "ann"): the second gets a suffix that depends on nothing but the id.
    for slug in (short, f"{short}-{hashlib.sha256(external_id.encode()).hexdigest()[:8]}"):
        try:
            with transaction.atomic():
                return _insert(external_id, slug)
        except IntegrityError:
            user = User.objects.filter(external_id=external_id).first()
            if user is not None:
                return user
    raise InvalidUserId(f"The {HEADER} '{external_id}' is too much like another one; use a different id.")


def _insert(external_id: str, slug: str) -> User:
    # The suffix keeps these users apart from people with a password: an X-User-Id of `admin` is not the admin.
    user = User(username=f"{external_id}@header", external_id=external_id)
    user.set_unusable_password()
    user.save(force_insert=True)
    give_tenant(user, slug, external_id)
    return user


def give_tenant(user: User, slug: str, name: str) -> Tenant:
    """Make a tenant that the user owns. Raises IntegrityError when the slug is taken."""
    tenant = Tenant.objects.create(slug=slug, name=name)
    Membership.objects.create(tenant=tenant, user=user, role=Role.OWNER)
    return tenant
