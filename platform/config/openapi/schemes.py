"""How a caller can say who they are, as the OpenAPI document tells it."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class UserHeaderScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How `X-User-Id` is told."""

    target_class = "tenants.authentication.UserHeaderAuthentication"
    name = "userHeader"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A header, with the rule under which it counts."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-User-Id",
            "description": "Believed from a listed proxy only, and only where STOREPLANE_TRUST_USER_HEADER is on.",
        }


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How bearer tokens are told."""

    target_class = "tenants.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """RFC 6750."""
        return {"type": "http", "scheme": "bearer", "description": "A token from `POST /tokens`, or from the admin."}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How a session is told."""

    target_class = "rest_framework.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The cookie; what changes something needs the CSRF token, too."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": (
                "Log in at `/api-auth/login/`. Requests that change something send the cookie `csrftoken` back in the "
                "header `X-CSRFToken`."
            ),
        }
