"""Users, their groups, and the names that Kubernetes gives to both."""

from dataclasses import dataclass

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
ANONYMOUS = "system:anonymous"
_ACCOUNT_PREFIX = "system:serviceaccount:"
_ACCOUNT_PARTS = 4


@dataclass(frozen=True)
class User:
    """Who makes a request; `acting` is the name of the user who impersonates this one."""

    name: str
    groups: tuple[str, ...] = ()
    uid: str = ""
    acting: str = ""

    @property
    def may_everything(self) -> bool:
        """Members of system:masters are not asked what they may do."""
        return MASTERS in self.groups

    def as_info(self) -> dict[str, object]:
        """The `userInfo` of a SelfSubjectReview."""
        info: dict[str, object] = {"username": self.name}
        if self.uid:
            info["uid"] = self.uid
        return info | {"groups": list(self.groups)}


ADMIN = User("sandbox", (MASTERS, AUTHENTICATED))
NOBODY = User(ANONYMOUS, (UNAUTHENTICATED,))


def account_name(namespace: str, name: str) -> str:
    """The user name of a ServiceAccount."""
    return f"{_ACCOUNT_PREFIX}{namespace}:{name}"


def account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of every ServiceAccount of a namespace, but for system:authenticated."""
    return "system:serviceaccounts", f"system:serviceaccounts:{namespace}"


def account_of(user_name: str) -> tuple[str, str] | None:
    """Namespace and name of the ServiceAccount behind a user name; None for other users."""
    parts = user_name.split(":")
    if len(parts) != _ACCOUNT_PARTS or not user_name.startswith(_ACCOUNT_PREFIX) or not all(parts):
        return None
    return parts[2], parts[3]
