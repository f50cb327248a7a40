"""How many requests a caller may make, counted in Redis over all web processes.

A caller is a token, a user, or for nobody an address. The plan of the caller's tenants says how many in a minute; the
answer carries the fields of the IETF's "RateLimit header fields for HTTP", of its present draft (`RateLimit`,
`RateLimit-Policy`) and of the earlier ones that most clients read (`RateLimit-Limit`, `-Remaining`, `-Reset`).
"""

import math
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import redis
import structlog
from django.conf import settings
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from config.breaker import Breaker
from tenants.access import access_for, token_of
from tenants.peers import client_address

if TYPE_CHECKING:  # rest_framework.views imports this module, as the settings say
    from rest_framework.views import APIView

ANONYMOUS = "anonymous"
ANONYMOUS_PER_MINUTE = 300
LOGINS = "logins"
LOGINS_PER_MINUTE = 20
WINDOW_SECONDS = 60

COUNTER = Breaker(5.0)
"""Without Redis nobody is counted and nobody refused: a limit must not take the platform down."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Standing:
    """Where a caller stands after a request: `limit` and `remaining` requests in the window, `reset` in seconds."""

    policy: str
    limit: int
    remaining: int
    reset: int
    allowed: bool

    def headers(self) -> dict[str, str]:
        """The fields of the answer."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"{self.policy}";r={self.remaining};t={self.reset}',
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class CallerThrottle(BaseThrottle):
    """DRF's hook: counts each request of the API, and refuses those above the limit."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Always true when it returns. Raises Throttled with a sentence when the limit is reached."""
        standing = count(*_policy(request))
        if standing is None:
            return True
        # On Django's own request, where the middleware that writes the fields can see it.
        request._request.rate_standing = standing  # type: ignore[attr-defined]
        if not standing.allowed:
            raise Throttled(wait=standing.reset, detail=sentence(standing))
        return True


def sentence(standing: Standing) -> str:
    """What is said to a caller who has to wait."""
    return (
        f"More than {standing.limit} requests in a minute (the limit '{standing.policy}'); "
        f"try again in {standing.reset} seconds."
    )


def count(policy: str, caller: str, per_minute: int) -> Standing | None:
    """Count one request of the caller; None where nothing is counted."""
    allowed = round(per_minute * settings.STOREPLANE_RATE_LIMIT_SCALE)
    if allowed < 1 or COUNTER.is_open:
        return None
    limit = RateLimitItemPerMinute(allowed)
    try:
        return _hit(limit, policy, caller)
    except redis.RedisError as error:
        COUNTER.trip()
        log.warning("requests aren't counted", error=type(error).__name__)
        return None


def count_login(address: str) -> Standing | None:
    """Count one attempt to log in from an address."""
    return count(LOGINS, f"login:{address}", LOGINS_PER_MINUTE)


def _hit(limit: RateLimitItem, policy: str, caller: str) -> Standing:
    limiter = _limiter()
    allowed = limiter.hit(limit, policy, caller)
    stats = limiter.get_window_stats(limit, policy, caller)
    # Rounded up, so that who waits as told isn't refused again; at least a second.
    reset = min(max(math.ceil(stats.reset_time - time.time()), 1), WINDOW_SECONDS)
    return Standing(policy, limit.amount, max(stats.remaining, 0), reset, allowed)


def _policy(request: Request) -> tuple[str, str, int]:
    """The name of the limit, whom it counts, and how many requests they may make in a minute."""
    if not request.user.is_authenticated:
        meta = request.META
        address = client_address(meta.get("REMOTE_ADDR", ""), meta.get("HTTP_X_FORWARDED_FOR", ""))
        return ANONYMOUS, f"address:{address}", ANONYMOUS_PER_MINUTE
    plan = access_for(request).plan
    token = token_of(request)
    caller = f"user:{request.user.pk}" if token is None else f"token:{token.pk}"
    return plan.name, caller, plan.requests_per_minute


@cache
def _limiter() -> SlidingWindowCounterRateLimiter:
    """One for each process; redis-py's pool is safe over threads."""
    storage = RedisStorage(
        settings.REDIS_LIMITS_URL, key_prefix="storeplane-limits", socket_timeout=1, socket_connect_timeout=1
    )
    return SlidingWindowCounterRateLimiter(storage)
