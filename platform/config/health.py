"""Is the process alive, and can it serve? Each part is asked on a thread of its own; nobody waits for a hung one."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from stores.provisioning import Check, provisioner

TIMEOUT_SECONDS = 2.0
PROVISIONER_PARTS = ("broker", "cluster", "workers", "beat")

Probe = Callable[[], Mapping[str, Check]]


class Probes:
    """Runs probes side by side. One that still hangs from an earlier request is joined, not started again."""

    def __init__(self, probes: Mapping[tuple[str, ...], Probe]) -> None:
        self._probes = probes
        self._running: dict[tuple[str, ...], Future[Mapping[str, Check]]] = {}
        self._lock = Lock()
        self._threads = ThreadPoolExecutor(max_workers=len(probes), thread_name_prefix="health")

    def run(self, timeout: float = TIMEOUT_SECONDS) -> dict[str, Check]:
        """What each part says, within `timeout` seconds."""
        futures = {parts: self._start(parts, probe) for parts, probe in self._probes.items()}
        wait(futures.values(), timeout=timeout)
        results: dict[str, Check] = {}
        for parts, future in futures.items():
            results.update(_result(parts, future, timeout))
        return results

    def _start(self, parts: tuple[str, ...], probe: Probe) -> Future[Mapping[str, Check]]:
        with self._lock:
            running = self._running.get(parts)
            if running is None or running.done():
                running = self._threads.submit(probe)
                self._running[parts] = running
            return running


def _result(parts: tuple[str, ...], future: Future[Mapping[str, Check]], timeout: float) -> Mapping[str, Check]:
    if not future.done():
        return {part: Check(False, f"No answer within {timeout:g} seconds.") for part in parts}
    error = future.exception()
    if error is not None:
        # The class is enough for a person here; messages of drivers can hold addresses and user names.
        return {part: Check(False, f"The check failed: {type(error).__name__}.") for part in parts}
    return future.result()


def _database() -> Mapping[str, Check]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return {"database": Check(False, f"The database doesn't answer: {type(error).__name__}.")}
    finally:
        connection.close()
    return {"database": Check(True, "The database answers.")}


def _redis() -> Mapping[str, Check]:
    client = redis.Redis.from_url(
        settings.REDIS_STREAMS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    try:
        client.ping()
    except redis.RedisError as error:
        return {"redis": Check(False, f"Redis doesn't answer: {type(error).__name__}.")}
    finally:
        client.close()
    return {"redis": Check(True, "Redis answers.")}


def _provisioner() -> Mapping[str, Check]:
    try:
        return provisioner().health()
    finally:
        connection.close()


PROBES = Probes({("database",): _database, ("redis",): _redis, PROVISIONER_PARTS: _provisioner})
SERVING_PROBES = Probes({("database",): _database})


class CheckSerializer(serializers.Serializer[Any]):
    """One part of the platform."""

    ok = serializers.BooleanField()
    message = serializers.CharField()


class HealthSerializer(serializers.Serializer[Any]):
    """The whole: `ready`, or `not ready` with the reasons."""

    status = serializers.ChoiceField(choices=["ready", "not ready"])
    reasons = serializers.ListField(child=serializers.CharField())
    checks = serializers.DictField(child=CheckSerializer())
    slots = serializers.IntegerField(help_text="How many stores are worked on at a time, over all workers.")


class _OpenView(APIView):
    """For machines: no login, no database for a session, JSON only."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (JSONRenderer,)


class HealthView(_OpenView):
    """Database, Redis, broker, cluster, workers and beat; 503 with the reasons when one of them fails."""

    @extend_schema(
        operation_id="health", tags=["platform"], auth=[], responses={200: HealthSerializer, 503: HealthSerializer}
    )
    def get(self, request: Request) -> Response:
        return _told(PROBES.run())


class ReadyView(HealthView):
    """The same, by the name that Kubernetes' probes go by."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return super().get(request)


class ServingView(_OpenView):
    """What this process needs to answer requests: the database alone. Whether a load balancer should send it any.

    A worker, beat or the cluster that is away must not take the pages away that tell so.
    """

    @extend_schema(
        operation_id="health_serving",
        tags=["platform"],
        auth=[],
        responses={200: HealthSerializer, 503: HealthSerializer},
    )
    def get(self, request: Request) -> Response:
        return _told(SERVING_PROBES.run())


def _told(checks: Mapping[str, Check]) -> Response:
    reasons = [f"{name}: {check.message}" for name, check in checks.items() if not check.ok]
    body = {
        "status": "not ready" if reasons else "ready",
        "reasons": reasons,
        "checks": {name: {"ok": check.ok, "message": check.message} for name, check in checks.items()},
        "slots": settings.STOREPLANE_PROVISION_SLOTS,
    }
    return Response(body, status=503 if reasons else 200, headers={"Cache-Control": "no-store"})


class LiveView(_OpenView):
    """The process answers; a restart would not help with anything else."""

    @extend_schema(operation_id="health_live", tags=["platform"], auth=[], responses={200: {"type": "object"}})
    def get(self, request: Request) -> Response:
        return Response({"status": "alive"}, headers={"Cache-Control": "no-store"})
