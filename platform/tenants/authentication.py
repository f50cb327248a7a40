"""Identity over HTTP: `X-User-Id` from a listed proxy. A session is DRF's own affair."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tenants.identity import HEADER, InvalidUserId, header_is_believed, user_for
from tenants.models import User


class UserHeaderAuthentication(BaseAuthentication):
    """Believes `X-User-Id` under its rule, and otherwise doesn't see it."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The header's user, or None to let the next class try. Raises AuthenticationFailed."""
        external_id = request.headers.get(HEADER)
        if external_id is None:
            return None
        peer = request.META.get("REMOTE_ADDR", "")
        if not header_is_believed(peer, request.headers.get("X-Forwarded-For", "")):
            return None
        try:
            user = user_for(external_id)
        except InvalidUserId as error:
            raise AuthenticationFailed(str(error)) from error
        if not user.is_active:
            raise AuthenticationFailed(f"The user '{external_id}' has been switched off.")
        return user, None

    def authenticate_header(self, request: Request) -> str:
        """What `WWW-Authenticate` says with a 401."""
        return 'Session realm="storeplane"'
