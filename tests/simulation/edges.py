"""Where the engine meets the outside, put in place of the real thing for as long as a world lasts.

Redis, the channel layer and the heartbeat's thread are the only parts that are more than patched: they are tiny.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from celery import canvas
from django.conf import settings
from django.db.models import DateTimeField, Value
from django.test import override_settings

from config.breaker import REDIS
from provisioner.cluster import Unavailable
from provisioner.helm.actions import ReleaseActions
from provisioner.mirror.tasks import CLUSTER
from provisioner.operations import owners
from provisioner.operations.lease import Lease
from provisioner.operations.models import Step
from tenants.plans import PLANS
from tests.simulation.clock import Clock
from tests.simulation.processes import Work, checkpoint, here

if TYPE_CHECKING:
    from tests.simulation.world import World

SLOTS = 2
STORES_ALLOWED = 2
"""Few of both, so that a short story meets the limits; a story may set the slots anew."""

WEB_HOST = "web"
_CLUSTER_USERS = ("provisioner.pipelines.runner", "provisioner.mirror.tasks", "provisioner.service")
_STREAM_USERS = ("stores.publish", "provisioner.mirror.tasks", "provisioner.operations.tasks")


class Streams:
    """As much of Redis as the platform writes to: keys that expire, and streams that nobody reads here."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def set(self, key: str, _value: object, *, nx: bool = False, px: int = 0, ex: int = 0) -> bool | None:
        """SET with NX and an expiry."""
        now = self._clock.monotonic()
        if nx and self._until.get(key, 0.0) > now:
            return None
        self._until[key] = now + px / 1000 + ex
        return True

    def delete(self, key: str) -> None:
        """DEL."""
        self._until.pop(key, None)

    def xadd(self, *_args: object, **_options: object) -> None:
        """XADD."""

    def multi(self) -> None:
        """MULTI."""

    def transaction(self, write: Callable[[Streams], object], *_keys: str) -> None:
        """WATCH, what `write` sends, and EXEC."""
        write(self)

    def publish(self, *_args: object) -> None:
        """PUBLISH, a moment in which the sender may die."""
        checkpoint("publishing")


class Channels:
    """A channel layer without listeners."""

    async def group_send(self, _group: str, _message: dict[str, Any]) -> None:
        """Nobody is there."""


def at_once(call: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    """In place of `async_to_sync`, for coroutines that never wait: a loop for each would cost more than the rest."""

    def run() -> None:
        try:
            call().send(None)
        except StopIteration:
            return
        raise AssertionError("a coroutine waited")

    return run


@contextmanager
def installed(world: World) -> Iterator[None]:
    """The engine runs in this world."""
    small = {name: replace(plan, stores_allowed=STORES_ALLOWED) for name, plan in PLANS.items()}
    with ExitStack() as stack:
        for target, name, value in _patches(world):
            stack.enter_context(patch(f"{target}.{name}", value))
        stack.enter_context(patch.dict(PLANS, small))
        stack.enter_context(override_settings(STOREPLANE_PROVISION_SLOTS=SLOTS))
        for kind in (canvas.Signature, canvas._chain):
            stack.enter_context(patch.object(kind, "apply_async", _sender(world)))
        stack.enter_context(patch.object(Lease, "kept", _kept(world)))
        # They outlive a world, and count in its seconds.
        for breaker in (REDIS, CLUSTER):
            breaker.close()
            stack.callback(breaker.close)
        yield


def _patches(world: World) -> list[tuple[str, str, object]]:
    streams, channels = Streams(world.clock), Channels()
    helm = ReleaseActions(world.cluster, world.helm)  # type: ignore[arg-type]
    return [
        ("django.utils.timezone", "now", world.clock.now),
        ("provisioner.operations.clock", "database_time", world.clock.now),
        ("provisioner.operations.clock", "DatabaseTime", lambda: Value(world.clock.now(), DateTimeField())),
        ("config.breaker", "time", SimpleNamespace(monotonic=world.clock.monotonic)),
        *((user, "cluster", lambda: world.cluster) for user in _CLUSTER_USERS),
        ("provisioner.drift.tasks", "cluster", _out_of_reach),
        ("provisioner.helm", "helm", lambda: helm),
        ("provisioner.helm", "abandon", world.abandon_helm),
        *((user, "streams", lambda: streams) for user in _STREAM_USERS),
        ("stores.publish", "get_channel_layer", lambda: channels),
        ("stores.publish", "async_to_sync", at_once),
        *_names(world),
    ]


def _out_of_reach() -> object:
    """Drift isn't simulated: these objects are too few. Its messages come to nothing, as they always may."""
    raise Unavailable("Drift isn't simulated.")


def _names(world: World) -> list[tuple[str, str, object]]:
    """Under `own_name` and `is_surely_dead`: who we are, and what this host's process table says."""

    def host() -> str:
        process = here()
        return process.host if process else WEB_HOST

    def name(_pid: int) -> str:
        process = here()
        return process.name if process else f"{WEB_HOST}:ns:1:1"

    def start(pid: int) -> str:
        return "1" if world.process(pid).alive else ""

    place = owners.__name__
    return [
        (place, "socket", SimpleNamespace(gethostname=host)),
        (place, "_pid_namespace", lambda: "ns"),
        (place, "_name_of", name),
        (place, "_start_of", start),
    ]


def _sender(world: World) -> Callable[..., None]:
    def apply_async(signature: canvas.Signature[Any], *_args: object, **options: Any) -> None:
        world.broker.apply_async(signature, **options)

    return apply_async


def _kept(world: World) -> Callable[..., Any]:
    """The heartbeat without its thread: living processes beat when the world's clock moves."""

    @contextmanager
    def kept(lease: Lease, on_lost: Callable[[], None]) -> Iterator[None]:
        process = here()
        assert process is not None
        step = Step.objects.select_related("operation__store").get(pk=lease.step_id)
        store = step.operation.store
        process.lease, process.renewed = lease, world.clock.monotonic()
        process.work = Work(store.pk, store.namespace, step.operation.kind, step.name)
        process.on_lost = on_lost
        world.referee.took_hold(process)
        try:
            yield
        finally:
            process.lease, process.work = None, None
            process.replaced = False

    return kept


def self_fence_seconds() -> float:
    """After so long without a heartbeat an owner stops by itself."""
    from provisioner.operations import lease

    return settings.STOREPLANE_STALE_SECONDS * lease.SELF_FENCE_SHARE
