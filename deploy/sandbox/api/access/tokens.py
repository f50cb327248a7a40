"""Bearer tokens: those of a file, as in kube-apiserver's --token-auth-file, and those of ServiceAccounts."""

import csv
import hashlib
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from ..errors import invalid, invalid_value
from ..jsontypes import Json
from ..metadata import now
from ..storage import Entry, Storage
from .identity import AUTHENTICATED, User, account_groups, account_name

_FEWEST_COLUMNS = 3
AUDIENCE = "https://kubernetes.default.svc.cluster.local"
DEFAULT_SECONDS, SHORTEST_SECONDS, LONGEST_SECONDS = 3600, 600, 1 << 32


class TokenFileError(Exception):
    """A token file that can't be used; the text is one sentence for a person."""


def read_token_file(path: Path) -> dict[str, User]:
    """Users by the hash of their token. Lines are `token,name,uid,"group,group"`; raises TokenFileError."""
    found: dict[str, User] = {}
    try:
        with path.open(newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if not row or row[0].startswith("#"):
                    continue
                if len(row) < _FEWEST_COLUMNS or not row[0] or not row[1]:
                    raise TokenFileError(f"Line {number} of {path} is not token,name,uid,groups")
                groups = tuple(group.strip() for group in (row[3] if len(row) > _FEWEST_COLUMNS else "").split(","))
                found[hashed(row[0])] = User(row[1], (*filter(None, groups), AUTHENTICATED), row[2])
    except OSError as error:
        raise TokenFileError(f"The token file {path} can't be read: {error.strerror}") from error
    return found


def granted(tokens: "AccountTokens", account: Entry, sent: Json) -> Json:
    """The answer to a TokenRequest for a ServiceAccount; raises 422 for a life that is too short or too long."""
    spec = sent.get("spec") or {}
    seconds = spec.get("expirationSeconds") or DEFAULT_SECONDS
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        bound = "less than 10 minutes" if seconds < SHORTEST_SECONDS else "larger than 2^32 seconds"
        cause = invalid_value("spec.expirationSeconds", seconds, f"may not specify a duration {bound}")
        raise invalid("authentication.k8s.io", "TokenRequest", "", [cause])
    meta = account.obj["metadata"]
    token, expires = tokens.issue(meta["namespace"], meta["name"], account.uid, seconds)
    until = datetime.fromtimestamp(expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "kind": "TokenRequest",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], "creationTimestamp": now()},
        "spec": {"audiences": spec.get("audiences") or [AUDIENCE], "expirationSeconds": seconds},
        "status": {"token": token, "expirationTimestamp": until},
    }


class AccountTokens:
    """Random tokens of ServiceAccounts. Only their hashes are kept, in the database of the objects.

    One is good until it expires, or until its account is deleted (a successor of the same name has another uid).
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._database = storage.database
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS tokens"
            " (hash TEXT PRIMARY KEY, namespace TEXT, name TEXT, uid TEXT, expires REAL)"
        )
        self._database.execute("DELETE FROM tokens WHERE expires < ?", (time.time(),))
        rows = self._database.execute("SELECT * FROM tokens").fetchall()
        self._known: dict[str, tuple[str, str, str, float]] = {row[0]: row[1:] for row in rows}

    def issue(self, namespace: str, name: str, uid: str, seconds: int) -> tuple[str, float]:
        """A new token and the time (Unix seconds) when it expires."""
        token, expires = secrets.token_urlsafe(32), float(int(time.time()) + seconds)
        self._known[hashed(token)] = (namespace, name, uid, expires)
        self._database.execute(
            "INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", (hashed(token), namespace, name, uid, expires)
        )
        return token, expires

    def user_of(self, token: str) -> User | None:
        """The account that a token stands for; None when it is not, or no longer, good."""
        found = self._known.get(hashed(token))
        if found is None or found[3] < time.time():
            return None
        namespace, name, uid, _ = found
        account = self._storage.find("/serviceaccounts", namespace, name)
        if account is None or account.uid != uid:
            return None
        return User(account_name(namespace, name), (*account_groups(namespace), AUTHENTICATED), uid)


def hashed(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()
