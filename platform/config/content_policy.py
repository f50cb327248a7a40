"""What a browser is told to refuse on behalf of every answer of the platform, files included.

No script and no style but from files of our own, nothing from or to another host, no frames either way. `'self'` covers
the WebSocket of the same host (CSP 3, "Does url match expression in origin"). The one exception is the page of the
dashboard, whose component kit writes style elements at run time: they must carry a nonce that is made for each answer,
and that nonce allows no script.
"""

from django.http import HttpRequest, HttpResponse

from config.middleware import BothWays

HEADER = "Content-Security-Policy"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; "
    "frame-ancestors 'none'"
)
_OTHERS = {
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def content_policy(style_nonce: str = "") -> str:
    """The header's value; style elements with that nonce (unguessable, for one answer) are allowed."""
    return _POLICY.format(nonce=f" 'nonce-{style_nonce}'" if style_nonce else "")


class ContentPolicyMiddleware(BothWays):
    """Outside of whitenoise in the chain, so that its files are covered. A view may have set a policy of its own."""

    def call(self, request: HttpRequest) -> HttpResponse:
        return _guarded(self.get_response(request))

    async def call_async(self, request: HttpRequest) -> HttpResponse:
        return _guarded(await self.get_response(request))


def _guarded(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault(HEADER, content_policy())
    for name, value in _OTHERS.items():
        response.headers.setdefault(name, value)
    return response
