"""Identity over HTTP: a bearer token, or `X-User-Id` from a listed proxy. A session is DRF's own affair."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from tenants import tokens
from tenants.identity import HEADER, InvalidUserId, header_is_believed, user_for
from tenants.models import ApiToken, User
from tenants.origins import is_ours
from tenants.peers import client_address

UNKNOWN_TOKEN = "This bearer token isn't one of ours; check that all of it was copied, or make a new one."  # noqa: S105


class BearerAuthentication(BaseAuthentication):
    """Believes `Authorization: Bearer spt_…` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token and its user, or None to let the next class try. Raises AuthenticationFailed."""
        secret = bearer(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        token = tokens.find(secret)
        problem = UNKNOWN_TOKEN if token is None else tokens.objection(token, timezone.now())
        if token is None or problem is not None:
            raise AuthenticationFailed(problem)
        meta = request.META
        tokens.note_use(token, client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", "")))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What `WWW-Authenticate` says with a 401."""
        return f'{tokens.SCHEME} realm="storeplane"'


class ForeignPage(PermissionDenied):
    """A page of another site had the browser send this."""

    default_code = "csrf_failed"


class UserHeaderAuthentication(BaseAuthentication):
    """Believes `X-User-Id` under its rule, and otherwise doesn't see it.

    A proxy that knows a browser by a cookie, a password or a certificate vouches for whatever any site has it send.
    There is no token against that here, but browsers name the page's origin with all that changes something.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The header's user, or None to let the next class try. Raises AuthenticationFailed or ForeignPage."""
        external_id = request.headers.get(HEADER)
        if external_id is None:
            return None
        peer = request.META.get("REMOTE_ADDR", "")
        if not header_is_believed(peer, request.headers.get("X-Forwarded-For", "")):
            return None
        origin = request.headers.get("Origin")
        if origin and request.method not in SAFE_METHODS and not is_ours(origin):
            raise ForeignPage(f"Pages of {origin} may not change anything here.")
        try:
            user = user_for(external_id)
        except InvalidUserId as error:
            raise AuthenticationFailed(str(error)) from error
        if not user.is_active:
            raise AuthenticationFailed(f"The user '{external_id}' has been switched off.")
        return user, None


def bearer(authorization: str) -> str | None:
    """The secret of an `Authorization` header, or None for one of another scheme."""
    scheme, _, secret = authorization.partition(" ")
    return secret.strip() if scheme.lower() == tokens.SCHEME.lower() else None


def how(request: object) -> str:
    """By what the caller of a DRF request is known: token, header or session."""
    if isinstance(getattr(request, "auth", None), ApiToken):
        return "token"
    by_header = isinstance(getattr(request, "successful_authenticator", None), UserHeaderAuthentication)
    return "header" if by_header else "session"
