"""The postgres image of the sandbox: a real server in a pod."""

from __future__ import annotations

import asyncio
import base64
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio

from sandbox import settings
from sandbox.api.registry import Registry
from sandbox.node.addresses import claim_block
from sandbox.node.leftovers import marked_processes
from sandbox.node.process_runtime import remove_tree
from sandbox.plane import Plane, PlaneSettings
from tests.sandbox.world import World, make_namespace

Obj = dict[str, Any]
PASSWORD = 'it\'s "secret" \\ $1'
IMAGE = settings.REPO / "deploy" / "images" / "postgres"
MOUNT = "/var/lib/postgresql/data"


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    """A plane with the real images, in a folder that only its owner may enter."""
    state = Path(tempfile.mkdtemp(prefix="sandbox-"))
    block = claim_block(state)
    registry = Registry(service_cidr=block.service_cidr)
    variables = {**settings.default_variables(), "python": sys.executable}
    plane = Plane(registry, block, PlaneSettings(state=state, images=(IMAGE,), variables=variables))
    port = await plane.start()
    make_namespace(registry)
    try:
        yield World(registry, plane, port)
    finally:
        await plane.stop()
        block.close()
        registry.close()
        left = marked_processes(state)
        remove_tree(state)
    assert left == []


def database(*, by: str = "") -> Obj:
    env = [
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "POSTGRES_USER", "value": "medusa"},
        {"name": "POSTGRES_DB", "value": "medusa"},
        {"name": "POSTGRES_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "password"}}},
        {"name": "PGDATA", "value": f"{MOUNT}/pgdata"},
        {"name": "SANDBOX_UNPRIVILEGED_BY", "value": by},
    ]
    probe = {"exec": {"command": ["sh", "-c", 'pg_isready -h "$POD_IP" -U medusa']}, "periodSeconds": 1}
    container = {
        "name": "postgres",
        "image": "postgres:16",
        "env": env,
        "startupProbe": {**probe, "failureThreshold": 60, "timeoutSeconds": 5},
        "readinessProbe": {**probe, "timeoutSeconds": 5},
        "volumeMounts": [{"name": "data", "mountPath": MOUNT}],
    }
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    labels = {"app": "postgres"}
    spec = {
        "serviceName": "postgres",
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}],
    }
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "postgres"}, "spec": spec}


async def started(world: World, *, by: str = "") -> Obj:
    data = {"password": base64.b64encode(PASSWORD.encode()).decode()}
    world.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "data": data})
    world.create(database(by=by))
    return await world.ready_pod("postgres-0")


def ask(pod: Obj, sql: str, password: str = PASSWORD) -> list[Any]:
    """Run SQL as a client in another pod would."""
    address = pod["status"]["podIP"]
    with psycopg.connect(host=address, user="medusa", dbname="medusa", password=password) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


async def test_role_database_and_password_are_those_of_the_environment(world: World) -> None:
    pod = await started(world)
    sql = "select current_user::text, current_setting('fsync'), current_setting('server_version_num')::int / 10000"
    assert await asyncio.to_thread(ask, pod, sql) == [("medusa", "on", 16)]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        await asyncio.to_thread(ask, pod, "select 1", "wrong")
    log = "".join(file.read_text() for file in (world.state / "logs").rglob("*.log"))
    assert PASSWORD not in log


@pytest.mark.parametrize(
    "by",
    [
        "",
        pytest.param("setuid", marks=pytest.mark.skipif(os.geteuid() != 0, reason="only root has to stop being root")),
    ],
)
async def test_the_data_survives_a_crash_and_the_stop_is_fast(world: World, by: str) -> None:
    pod = await started(world, by=by)
    await asyncio.to_thread(ask, pod, "create table kept as select 42 as answer")
    volume = next((world.state / "volumes").iterdir())
    lock = volume / "pgdata" / "postmaster.pid"
    os.kill(int(lock.read_text().split()[0]), signal.SIGKILL)
    restarted = "restartCount"
    await world.until(lambda: world.pods()[0]["status"]["containerStatuses"][0][restarted] == 1)
    pod = await world.ready_pod("postgres-0")
    assert await asyncio.to_thread(ask, pod, "select answer from kept") == [(42,)]

    with psycopg.connect(host=pod["status"]["podIP"], user="medusa", dbname="medusa", password=PASSWORD):
        loop = asyncio.get_running_loop()
        begun = loop.time()
        world.delete("Pod", "postgres-0")
        await world.ready_pod("postgres-0", unlike=pod["metadata"]["uid"])
        assert loop.time() - begun < 20  # a smart shutdown would wait the whole grace period for this client


@pytest.mark.parametrize("running", [False, True])
def test_only_a_server_on_this_very_folder_holds_its_lock(tmp_path: Path, *, running: bool) -> None:
    entrypoint = runpy.run_path(str(IMAGE / "entrypoint.py"))
    place = tmp_path if running else tmp_path.parent
    with subprocess.Popen(["sleep", "600"], cwd=place) as other:
        (tmp_path / "postmaster.pid").write_text(f"{other.pid}\n{tmp_path}\n")
        entrypoint["remove_stale_lock"](tmp_path)
        other.kill()
    assert (tmp_path / "postmaster.pid").exists() == running


async def test_without_a_password_it_says_so_and_makes_nothing(world: World) -> None:
    made = database()
    made["spec"]["template"]["spec"]["containers"][0]["env"].pop(3)
    world.create(made)

    def log() -> str:
        return "".join(file.read_text() for file in (world.state / "logs").rglob("*.log"))

    await world.until(lambda: "superuser password is not specified: set POSTGRES_PASSWORD." in log())
    (volume,) = (world.state / "volumes").iterdir()
    assert list(volume.iterdir()) == []
