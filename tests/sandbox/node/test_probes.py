"""Probes on real processes."""

from __future__ import annotations

from tests.sandbox.world import World, is_ready, pod


async def test_a_failing_readiness_probe_takes_the_pod_out_without_a_restart(world: World) -> None:
    world.create(pod())
    web = await world.ready_pod("web")
    await world.ask(web, "/unready")
    await world.until(lambda: not is_ready(world.get("Pod", "web") or {}))
    status = (world.get("Pod", "web") or {})["status"]
    assert status["containerStatuses"][0]["restartCount"] == 0
    told = world.events("Unhealthy")
    assert any(e["message"] == "Readiness probe failed: HTTP probe failed with statuscode: 503" for e in told)


async def test_a_failing_liveness_probe_restarts_the_container(world: World) -> None:
    probe = {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 1, "failureThreshold": 2}
    world.create(pod(livenessProbe=probe))
    web = await world.ready_pod("web")
    await world.ask(web, "/unready")
    await world.until(
        lambda: (p := world.get("Pod", "web") or {}) and p["status"]["containerStatuses"][0]["restartCount"] == 1
    )
    await world.ready_pod("web")
    assert any("failed liveness probe, will be restarted" in e["message"] for e in world.events("Killing"))


async def test_a_startup_probe_that_never_succeeds_kills_the_container(world: World) -> None:
    probe = {"exec": {"command": ["sh", "-c", "exit 1"]}, "periodSeconds": 1, "failureThreshold": 1}
    world.create(pod(startupProbe=probe))
    await world.until(lambda: any("failed startup probe" in e["message"] for e in world.events("Killing")))


async def test_readiness_is_probed_at_once_after_startup(world: World) -> None:
    startup = {"tcpSocket": {"port": "http"}, "periodSeconds": 1, "failureThreshold": 30}
    readiness = {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 3600}
    world.create(pod(startupProbe=startup, readinessProbe=readiness))
    await world.ready_pod("web")


async def test_an_exec_probe_runs_in_the_container(world: World) -> None:
    command = ["sh", "-c", 'test "$NAME" = web && python -c "import sys"']
    world.create(pod(readinessProbe={"exec": {"command": command}, "timeoutSeconds": 10}))
    await world.ready_pod("web")


async def test_an_exec_probe_that_hangs_is_killed_after_its_timeout(world: World) -> None:
    probe = {"exec": {"command": ["sh", "-c", "sleep 60"]}, "timeoutSeconds": 1}
    world.create(pod(startupProbe=None, readinessProbe=probe))
    (event,) = await world.until(lambda: world.events("Unhealthy"))
    assert "timed out after 1s" in event["message"]
