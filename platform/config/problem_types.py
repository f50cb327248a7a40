"""Every kind of error that the API answers with: its status, its title, and what it means.

A reason never changes its meaning; `urn:storeplane:problem:` and the reason make the `type` of a problem document
(RFC 9457). The OpenAPI document and docs/api.md are made from, and held to, this table.
"""

from dataclasses import dataclass

PREFIX = "urn:storeplane:problem:"


@dataclass(frozen=True)
class ProblemType:
    """One kind of error."""

    status: int
    title: str
    meaning: str


PROBLEM_TYPES: dict[str, ProblemType] = {
    "invalid": ProblemType(
        400,
        "The request has values that can't be used",
        "a field, filter, cursor or header can't be used; see `errors`",
    ),
    "malformed": ProblemType(
        400, "The request can't be read", "the body is no JSON, or the request can't be served (unknown host)"
    ),
    "not-authenticated": ProblemType(
        401, "Nobody is logged in", "nobody is logged in, or the token is unknown, revoked or expired"
    ),
    "permission-denied": ProblemType(403, "Not allowed", "the role doesn't suffice"),
    "csrf-failed": ProblemType(
        403, "The request could be another site's", "a session without its CSRF token, or a page of another site"
    ),
    "quota-exceeded": ProblemType(
        403, "The plan's limit is reached", "the plan's stores are used up; `limit` and `used` say so"
    ),
    "not-found": ProblemType(404, "Not found", "not there, or not yours to see"),
    "method-not-allowed": ProblemType(405, "The method can't be used here", "see `Allow` for those that can"),
    "not-acceptable": ProblemType(
        406, "None of the accepted formats can be made", "`Accept` names neither JSON nor HTML"
    ),
    "name-taken": ProblemType(
        409, "The name is taken", "another tenant has the name, or you have it with another spec"
    ),
    "conflict": ProblemType(
        409,
        "The present state doesn't allow it",
        "the store is protected, being removed, not failed …; or the tenant would have no owner",
    ),
    "idempotency-key-used": ProblemType(
        409,
        "The Idempotency-Key stands for another request",
        "the key stands for another store, or for one that was deleted",
    ),
    "credentials-not-ready": ProblemType(409, "There are no credentials yet", "the store's login isn't made yet"),
    "too-large": ProblemType(413, "The body is too large", "a body of more than 1 MiB"),
    "unsupported-media-type": ProblemType(415, "The body's format can't be read", "send `application/json`"),
    "too-many-requests": ProblemType(429, "Too many requests", "wait for `Retry-After` seconds"),
    "internal": ProblemType(500, "Something went wrong here", "our fault; the log tells more under the request id"),
    "queue-full": ProblemType(503, "The queue is full", "wait for `Retry-After` seconds"),
    "cluster-unavailable": ProblemType(503, "The cluster doesn't answer", "wait for `Retry-After` seconds"),
}
