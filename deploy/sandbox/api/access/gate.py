"""What each request passes before it is looked at: authentication, impersonation, authorization, audit."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from ..errors import ApiError, forbidden_request
from ..http.paths import ApiPath
from .attributes import Attributes, of_path, of_resource
from .audit import Audit
from .authentication import STRANGERS, Authenticator, impersonation, on_behalf, wants_another
from .authorizer import Authorizer, Decision
from .identity import User
from .tokens import AccountTokens, read_token_file

if TYPE_CHECKING:
    from ..registry import Registry


@dataclass(frozen=True)
class AccessSettings:
    """`strangers` is who a request without a token comes from: admin, anonymous, or refuse."""

    strangers: str = "admin"
    token_file: Path | None = None
    audit_log: Path | None = None


EVERYTHING = AccessSettings()
_USER = web.RequestKey("user", User)
_DECISIONS = web.RequestKey("decisions", list[tuple[User | None, Attributes, Decision]])
_NOT_KNOWN = Decision(allowed=False, reason="Unauthorized")


class Gate:
    """Lets requests in, or raises 401 and 403; raises TokenFileError when it can't be set up."""

    def __init__(self, registry: "Registry", settings: AccessSettings = EVERYTHING) -> None:
        self.authorizer = Authorizer(registry.storage)
        self.tokens = AccountTokens(registry.storage)
        listed = read_token_file(settings.token_file) if settings.token_file else {}
        self._authenticator = Authenticator(self.tokens, listed, STRANGERS[settings.strangers])
        self._audit = Audit(settings.audit_log) if settings.audit_log else None

    def install(self, app: web.Application) -> None:
        """Has each answer noted, when there is a log."""
        if self._audit is not None:
            app.on_response_prepare.append(self._note)
            app.on_cleanup.append(self._close)

    def admit(self, request: web.Request, address: ApiPath | None) -> None:
        """Finds out who asks, and whether they may."""
        asked = (
            of_path(request.method, request.path)
            if address is None
            else of_resource(request.method, address, request.query)
        )
        try:
            user = self._authenticator.user_of(request.headers)
        except ApiError:
            self._remember(request, None, asked, _NOT_KNOWN)
            raise
        if wants_another(request.headers):
            user = self._become(request, user)
        request[_USER] = user
        self._demand(request, user, asked)

    def user_of(self, request: web.Request) -> User:
        """Who was admitted."""
        return request[_USER]

    def demand(self, request: web.Request, asked: Attributes) -> None:
        """Raises 403 when the request's user may not do this too."""
        self._demand(request, request[_USER], asked)

    def _become(self, request: web.Request, sender: User) -> User:
        user, needs = impersonation(request.headers)
        for need in needs:
            self._demand(request, sender, need)
        return on_behalf(user, sender)

    def _demand(self, request: web.Request, user: User, asked: Attributes) -> None:
        decision = self.authorizer.decide(user, asked)
        self._remember(request, user, asked, decision)
        if not decision.allowed:
            raise forbidden_request(user.name, asked, decision.reason)

    def _remember(self, request: web.Request, user: User | None, asked: Attributes, decision: Decision) -> None:
        if self._audit is not None:
            request.setdefault(_DECISIONS, []).append((user, asked, decision))

    async def _note(self, request: web.Request, response: web.StreamResponse) -> None:
        if self._audit is not None:
            for user, asked, decision in request.get(_DECISIONS, ()):
                self._audit.note(user, asked, decision, response.status)

    async def _close(self, _app: web.Application) -> None:
        if self._audit is not None:
            self._audit.close()
