"""The fields that tell a caller how many requests are left, and the limit on attempts to log in.

DRF's throttles can refuse but not write headers, and the pages to log in are Django's own: both are done here.
"""

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse

from config.middleware import BothWays
from config.problems import Problem, problem_response
from tenants.peers import client_address
from tenants.throttling import Standing, count_login

_LOGIN_PATHS = ("/admin/login/", "/api-auth/login/")


class RateLimitMiddleware(BothWays):
    """Around the views: `tenants.throttling` counts, this one tells. Sync or async, as its neighbours are."""

    def call(self, request: HttpRequest) -> HttpResponse:
        refused = _refused_login(request) if _is_login(request) else None
        return _told(request, refused or self.get_response(request))

    async def call_async(self, request: HttpRequest) -> HttpResponse:
        refused = await sync_to_async(_refused_login)(request) if _is_login(request) else None
        return _told(request, refused or await self.get_response(request))


def _told(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    standing: Standing | None = getattr(request, "rate_standing", None)
    if standing is not None:
        for name, value in standing.headers().items():
            response[name] = value
    return response


def _is_login(request: HttpRequest) -> bool:
    return request.method == "POST" and request.path in _LOGIN_PATHS


def _refused_login(request: HttpRequest) -> HttpResponse | None:
    meta = request.META
    address = client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))
    standing = count_login(str(address))
    if standing is None or standing.allowed:
        return None
    request.rate_standing = standing  # type: ignore[attr-defined]
    detail = f"Too many attempts to log in from this address; try again in {standing.reset} seconds."
    response = problem_response(request, Problem(429, "too-many-requests", detail))
    response["Retry-After"] = str(standing.reset)
    return response
