"""From a request's headers to the user who makes it, and to whom that user wants to be."""

from dataclasses import replace

from multidict import MultiMapping

from ..errors import ApiError, unauthorized
from .attributes import Attributes
from .identity import (
    ADMIN,
    ANONYMOUS,
    AUTHENTICATED,
    NOBODY,
    UNAUTHENTICATED,
    User,
    account_groups,
    account_of,
)
from .tokens import AccountTokens, hashed

STRANGERS = {"admin": ADMIN, "anonymous": NOBODY, "refuse": None}
_USER, _GROUP, _UID, _EXTRA = "Impersonate-User", "Impersonate-Group", "Impersonate-Uid", "impersonate-extra-"


Headers = MultiMapping[str]


class Authenticator:
    """Knows all tokens. `stranger` is who a request without one comes from: None refuses it."""

    def __init__(self, accounts: AccountTokens, listed: dict[str, User], stranger: User | None) -> None:
        self._accounts = accounts
        self._listed = listed
        self._stranger = stranger

    def user_of(self, headers: Headers) -> User:
        """Raises 401 for a token that is not known, and for none where one is needed."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            user = self._listed.get(hashed(token.strip())) or self._accounts.user_of(token.strip())
        else:
            user = self._stranger
        if user is None:
            raise unauthorized()
        return user


def wants_another(headers: Headers) -> bool:
    """Whether a request names somebody else to act as."""
    return _USER in headers or _GROUP in headers or _UID in headers or any(map(_is_extra, headers))


def impersonation(headers: Headers) -> tuple[User, list[Attributes]]:
    """Whom a request wants to be, and what its sender must be allowed for that; raises 500 as the real one does."""
    name, groups = headers.get(_USER, ""), headers.getall(_GROUP, [])
    if not name:
        listed = " ".join([*groups, headers.get(_UID, "")]).strip()
        raise ApiError(
            500, "InternalError", f"Internal error occurred: requested [{listed}] without impersonating a user"
        )
    account = account_of(name)
    needs = [
        Attributes("impersonate", resource="serviceaccounts", namespace=account[0], name=account[1])
        if account
        else Attributes("impersonate", resource="users", name=name)
    ]
    needs += [Attributes("impersonate", resource="groups", name=group) for group in groups]
    if account and not groups:
        groups = list(account_groups(account[0]))
    uid = headers.get(_UID, "")
    if uid:
        needs.append(Attributes("impersonate", "authentication.k8s.io", "uids", name=uid))
    needs += [
        Attributes("impersonate", "authentication.k8s.io", "userextras", header[len(_EXTRA) :].lower(), name=value)
        for header in {header.lower() for header in headers if _is_extra(header)}
        for value in headers.getall(header, [])
    ]
    return User(name, _with_everybody(name, groups), uid), needs


def _with_everybody(name: str, groups: list[str]) -> tuple[str, ...]:
    """Each user is in one of the two groups that say whether anybody knows who it is."""
    if name == ANONYMOUS:
        return tuple(dict.fromkeys((*groups, UNAUTHENTICATED)))
    if AUTHENTICATED in groups or UNAUTHENTICATED in groups:
        return tuple(groups)
    return (*groups, AUTHENTICATED)


def _is_extra(header: str) -> bool:
    return header.lower().startswith(_EXTRA)


def on_behalf(user: User, sender: User) -> User:
    """The impersonated user, with who it really is."""
    return replace(user, acting=sender.name)
