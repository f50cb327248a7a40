"""Bearer tokens: made once, shown once, kept as a digest."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from tenants import rights
from tenants.models import ApiToken, Role, Tenant, User

SCHEME = "Bearer"
_MARK = "spt_"
"""So that a token which leaked into a repository is found by scanners, and known for one of ours."""

_PREFIX_BYTES = 4
_SECRET_BYTES = 32
_USE_NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Made:
    """A new token with its secret, which nobody can read again. The repr hides it."""

    token: ApiToken
    secret: str

    def __repr__(self) -> str:
        return f"Made({self.token})"


def make(tenant: Tenant, user: User, *, name: str, role: Role, expires_at: datetime | None = None) -> Made:
    """Make a token that speaks for the user in the tenant."""
    prefix = _MARK + secrets.token_hex(_PREFIX_BYTES)
    secret = f"{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    token = ApiToken.objects.create(
        tenant=tenant,
        user=user,
        name=name,
        role=role,
        prefix=prefix,
        digest=digest(secret),
        expires_at=expires_at,
    )
    return Made(token, secret)


def find(secret: str) -> ApiToken | None:
    """The token of that secret with its user and tenant, whether or not it may still be used."""
    return ApiToken.objects.select_related("user", "tenant").filter(digest=digest(secret)).first()


def objection(token: ApiToken, now: datetime) -> str | None:
    """Why the token may not be used, as a sentence."""
    if token.revoked_at is not None:
        return f"The token {token.prefix}… was revoked on {token.revoked_at:%Y-%m-%d}; make a new one."
    if token.expires_at is not None and token.expires_at <= now:
        return f"The token {token.prefix}… expired on {token.expires_at:%Y-%m-%d}; make a new one."
    if not token.user.is_active:
        return f"The user of the token {token.prefix}… has been switched off."
    return None


def note_use(token: ApiToken, address: str | None) -> None:
    """Remember when and from where it was last used; to the minute, so that a busy program costs no write a request."""
    now = timezone.now()
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _USE_NOTED_EVERY:
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now, last_used_from=address)


def revoke(token: ApiToken) -> bool:
    """Make the token useless; false when it was revoked before. The row stays, for the audit."""
    rights.changed([token.user_id])
    return bool(ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=timezone.now()))


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal. The secret is 256 random bits, so it needs neither salt nor a slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
