"""What a browser is told to refuse during these tests, so that a page that needs it fails."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

STRICT = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

STYLED = f"{STRICT}; style-src 'self' 'unsafe-inline'"


class ContentPolicy:
    """Middleware: nothing from another host, no script and no style but from files of our own."""

    policy = STRICT

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        response["Content-Security-Policy"] = self.policy
        return response


class DashboardPolicy(ContentPolicy):
    """The same, but for styles: the dashboard's component kit writes its variables into a style element."""

    policy = STYLED
