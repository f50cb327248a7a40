"""Who is at the other end of a WebSocket: the same rules as for HTTP, read from the ASGI scope."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from config.bare_problems import written
from config.problems import Problem
from tenants import tokens
from tenants.access import Access, access_of
from tenants.authentication import UNKNOWN_TOKEN, bearer
from tenants.identity import HEADER, InvalidUserId, header_is_believed, user_for
from tenants.models import ApiToken, User
from tenants.origins import is_ours
from tenants.peers import client_address

_LINGER_SECONDS = 0.05

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class OriginCheck:
    """Refuses pages of other sites. A caller without an Origin is no browser and brings its own identity."""

    def __init__(self, inner: App) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = header(scope, "origin")
        if origin and not is_ours(origin):
            detail = f"Pages of {origin} may not listen here."
            await refuse(scope, receive, send, status=403, reason="csrf-failed", detail=detail)
            return
        await self._inner(scope, receive, send)


class SocketUser:
    """Sets `scope["user"]` from a bearer token, a believed X-User-Id, or else the session; `scope["token"]` if any."""

    def __init__(self, inner: App) -> None:
        self._inner = inner
        self._by_session: App = AuthMiddlewareStack(inner)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            known = await database_sync_to_async(_identify)(scope)
        except NotIdentified as error:
            await refuse(scope, receive, send, status=401, reason="not-authenticated", detail=str(error))
            return
        if known is None:
            await self._by_session(scope, receive, send)
        else:
            user, token = known
            await self._inner({**scope, "user": user, "token": token}, receive, send)


class NotIdentified(Exception):
    """The handshake names somebody who isn't known; the message is a sentence for a person."""


def _identify(scope: Scope) -> tuple[User, ApiToken | None] | None:
    """Who the handshake's headers name, by the same rules as over HTTP; None when only a session can tell."""
    peer = (scope.get("client") or ("",))[0]
    forwarded_for = header(scope, "x-forwarded-for") or ""
    secret = bearer(header(scope, "authorization") or "")
    if secret is not None:
        token = tokens.find(secret)
        problem = UNKNOWN_TOKEN if token is None else tokens.objection(token, timezone.now())
        if token is None or problem is not None:
            raise NotIdentified(problem)
        tokens.note_use(token, client_address(peer, forwarded_for))
        return token.user, token
    external_id = header(scope, HEADER)
    if external_id is None or not header_is_believed(peer, forwarded_for):
        return None
    try:
        return user_for(external_id), None
    except InvalidUserId as error:
        raise NotIdentified(str(error)) from error


def access_now(scope: Scope) -> Access | None:
    """What a listener may see by now; None when the user, the token or the session doesn't stand any more."""
    user = User.objects.filter(pk=scope["user"].pk, is_active=True).first() if scope["user"].pk else None
    if user is None or not is_still_logged_in(scope, user):
        return None
    held: ApiToken | None = scope.get("token")
    if held is None:
        return access_of(user)
    token = ApiToken.objects.select_related("user", "tenant").filter(pk=held.pk).first()
    return None if token is None or tokens.objection(token, timezone.now()) else access_of(user, token)


def is_still_logged_in(scope: Scope, user: User) -> bool:
    """Whether the session that a socket was opened with still stands; true for one that came by the header.

    As over HTTP a session ends with the password under which it began.
    """
    opened = scope.get("session")
    if opened is None:
        return True
    session = type(opened._wrapped)(opened.session_key)
    begun_under = session.get(HASH_SESSION_KEY, "")
    return SESSION_KEY in session and constant_time_compare(begun_under, user.get_session_auth_hash())


def header(scope: Scope, name: str) -> str | None:
    """A header of the handshake; several of one name are joined by commas."""
    wanted = name.lower().encode()
    values = [value.decode("latin1") for key, value in scope["headers"] if key == wanted]
    return ", ".join(values) if values else None


async def refuse(scope: Scope, receive: Receive, send: Send, *, status: int, reason: str, detail: str) -> None:
    """Turn a handshake down: with a problem document where the server can send one, else by closing."""
    await receive()  # websocket.connect
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 4000 + status})
        return
    headers, body = written(Problem(status, reason, detail), scope)
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
    # uvicorn logs an error for an application that returns before the refused connection is gone.
    await asyncio.sleep(_LINGER_SECONDS)
