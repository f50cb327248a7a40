"""What every middleware of ours is at the bottom: one that runs in a sync chain and in an async one."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse


class BothWays:
    """Subclasses say `call` and `call_async`; Django asks which of them it may use, and is given the neighbours' kind.

    https://docs.djangoproject.com/en/5.2/topics/http/middleware/#asynchronous-support
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        return self.call_async(request) if self._is_async else self.call(request)

    def call(self, request: HttpRequest) -> HttpResponse:
        """The answer of the rest of the chain, with what this middleware does about it."""
        raise NotImplementedError

    async def call_async(self, request: HttpRequest) -> HttpResponse:
        """The same in an async chain."""
        raise NotImplementedError
