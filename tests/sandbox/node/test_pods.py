"""Pods as processes: what a program sees, and what the pod's status tells."""

from __future__ import annotations

import base64
import contextlib
import signal
from pathlib import Path
from typing import Any

import psutil

from sandbox.controllers.objects import find_condition
from sandbox.node.leftovers import marked_processes
from tests.sandbox.world import IMAGES, World, container, is_ready, pod, service

Obj = dict[str, Any]


def state_of(world: World, name: str = "web", which: int = 0) -> Obj:
    statuses = ((world.get("Pod", name) or {}).get("status") or {}).get("containerStatuses") or [{}]
    found: Obj = statuses[which]
    return found


def processes(world: World) -> list[psutil.Process]:
    """The test servers that run."""
    found = []
    for pid in marked_processes(world.state):
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            found += [process] if "app.py" in " ".join(process.cmdline()) else []
    return found


def secret(name: str, **values: str) -> Obj:
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def config_map(name: str, **values: str) -> Obj:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": values}


async def environment_of(world: World, name: str = "web") -> dict[str, str]:
    found: dict[str, str] = (await world.ask(await world.ready_pod(name), "/env")).json()
    return found


async def test_a_pod_runs_on_its_own_address_and_is_ready_when_its_probe_is(world: World) -> None:
    world.create(pod("one"))
    world.create(pod("two"))
    one, two = await world.ready_pod("one"), await world.ready_pod("two")

    assert one["status"]["podIP"] != two["status"]["podIP"]
    assert one["status"]["podIP"].startswith("127.")
    assert (await world.ask(one, "/")).text == "one /"
    assert one["status"]["phase"] == "Running"
    conditions = {c["type"]: c["status"] for c in one["status"]["conditions"]}
    expected = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    assert conditions == dict.fromkeys(expected, "True")
    told = {event["reason"] for event in world.list("Event") if event["involvedObject"]["name"] == "one"}
    assert told >= {"Scheduled", "Pulled", "Created", "Started"}


async def test_the_environment_comes_from_where_the_container_says(world: World) -> None:
    world.create(secret("keys", TOKEN="t0p"))
    world.create(config_map("settings", COLOUR="green", SIZE="9"))
    world.create(service("other", port=80))
    env = [
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "TOKEN"}}},
        {"name": "MAYBE", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "NONE", "optional": True}}},
        {"name": "BOTH", "value": "$(NAME)-$(TOKEN)-$$(NAME)-$(MISSING)"},
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
        {"name": "FROM_IMAGE", "value": "container"},
        {"name": "HOST", "value": "0.0.0.0"},  # noqa: S104 - the image's [override] must win
    ]
    source = [{"configMapRef": {"name": "settings"}, "prefix": "CONF_"}]
    world.create(pod(env=env, envFrom=source, resources={"limits": {"memory": "200Mi"}}))
    found = await environment_of(world)
    address = (await world.ready_pod("web"))["status"]["podIP"]

    expected = {
        "TOKEN": "t0p",
        "BOTH": "web-t0p-$(NAME)-$(MISSING)",
        "POD_IP": address,
        "MEMORY": "200",
        "CONF_COLOUR": "green",
        "CONF_SIZE": "9",
        "FROM_IMAGE": "container",
        "HOST": address,
        "OTHER_SERVICE_PORT": "80",
        "HOSTNAME": "web",
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "MAYBE" not in found
    assert "VIRTUAL_ENV" not in found


async def test_a_missing_secret_holds_the_pod_up_until_it_comes(world: World) -> None:
    env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "late", "key": "TOKEN"}}}]
    world.create(pod(env=env))
    waiting = await world.until(lambda: state_of(world).get("state", {}).get("waiting", {}).get("message"))
    assert waiting == 'secret "late" not found'
    assert state_of(world)["state"]["waiting"]["reason"] == "CreateContainerConfigError"
    world.create(secret("late", TOKEN="now"))
    assert (await environment_of(world))["TOKEN"] == "now"


async def test_volumes_are_folders_and_paths_are_translated(world: World) -> None:
    world.create(config_map("files", **{"a.json": "{}", "b.txt": "b"}))
    volumes = [
        {"name": "conf", "configMap": {"name": "files"}},
        {
            "name": "one",
            "projected": {
                "sources": [{"configMap": {"name": "files", "items": [{"key": "b.txt", "path": "deep/c.txt"}]}}]
            },
        },
        {"name": "tmp", "emptyDir": {}},
    ]
    mounts = [
        {"name": "conf", "mountPath": "/etc/app"},
        {"name": "one", "mountPath": "/etc/app/one"},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's
    ]
    env = [{"name": "FILE", "value": "/etc/app/a.json"}, {"name": "OTHER", "value": "/etc/app/one/deep/c.txt"}]
    world.create(pod(spec={"volumes": volumes}, volumeMounts=mounts, env=env))
    found, web = await environment_of(world), await world.ready_pod("web")
    assert (await world.ask(web, f"/read?{found['FILE']}")).text == "{}"
    assert (await world.ask(web, f"/read?{found['OTHER']}")).text == "b"
    assert found["TMPDIR"].startswith(str(world.state))
    # What the image's [override] says is of this machine: a mount over /tmp must not move a checkout that lies there.
    assert found["CHECKOUT"] == "/tmp/a-clone/of/this/machine"  # noqa: S108

    world.merge("ConfigMap", "files", {"data": {"a.json": "[1]"}})
    await world.until(lambda: Path(found["FILE"]).read_text() == "[1]")


async def test_init_containers_run_in_order_before_the_others(world: World) -> None:
    volume = {"volumes": [{"name": "work", "emptyDir": {}}]}
    mounts = [{"name": "work", "mountPath": "/work"}]

    def step(name: str, script: str) -> Obj:
        env = [{"name": "FILE", "value": "/work/log"}]
        return {"name": name, "image": "test/web", "command": ["sh", "-c", script], "volumeMounts": mounts, "env": env}

    init = [step("first", "echo 1 >> $FILE"), step("second", 'test "$(cat $FILE)" = 1 && echo 2 >> $FILE')]
    world.create(pod(spec={**volume, "initContainers": init}, volumeMounts=mounts, env=init[0]["env"]))
    web = await world.ready_pod("web")
    path = (await environment_of(world))["FILE"]
    assert (await world.ask(web, f"/read?{path}")).text == "1\n2\n"
    ended = [status["state"]["terminated"]["reason"] for status in web["status"]["initContainerStatuses"]]
    assert ended == ["Completed", "Completed"]


async def test_a_failing_init_container_is_retried_and_the_pod_stays_pending(world: World) -> None:
    init = [{"name": "prepare", "image": "test/web", "command": ["sh", "-c", "exit 7"]}]
    world.create(pod(spec={"initContainers": init}))

    def status() -> Obj:
        found: Obj = (world.get("Pod", "web") or {}).get("status") or {}
        return found

    def waiting() -> str:
        states = status().get("initContainerStatuses") or [{}]
        return str(states[0].get("state", {}).get("waiting", {}).get("reason"))

    await world.until(lambda: waiting() == "CrashLoopBackOff")
    assert status()["phase"] == "Pending"
    initialized = find_condition(status()["conditions"], "Initialized") or {}
    assert initialized["message"] == "containers with incomplete status: [prepare]"
    assert status()["initContainerStatuses"][0]["lastState"]["terminated"]["exitCode"] == 7


async def test_a_killed_process_is_started_again_at_once(world: World) -> None:
    world.create(pod())
    await world.ready_pod("web")
    (process,) = processes(world)
    process.kill()
    await world.until(lambda: state_of(world)["restartCount"] == 1 and is_ready(world.get("Pod", "web") or {}))
    last = state_of(world)["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (137, "Error")
    (again,) = processes(world)
    assert again.pid != process.pid


async def test_a_pod_that_keeps_crashing_waits_longer(world: World) -> None:
    world.create(pod(command=["sh", "-c", "exit 3"]))
    await world.until(lambda: state_of(world).get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff")
    status = state_of(world)
    assert status["restartCount"] == 1
    assert "back-off 10s restarting failed container=web" in status["state"]["waiting"]["message"]
    assert status["lastState"]["terminated"]["exitCode"] == 3
    assert world.events("BackOff")


async def test_an_unknown_image_is_told_and_found_later(world: World) -> None:
    world.create(pod("late", image="test/late:1"))
    await world.until(
        lambda: state_of(world, "late").get("state", {}).get("waiting", {}).get("reason") == "ErrImagePull"
    )
    folder = world.state / "more" / "late"
    folder.mkdir(parents=True)
    text = (IMAGES / "web" / "sandbox.toml").read_text().replace("test/web", "test/late")
    (folder / "sandbox.toml").write_text(text.replace("{image_dir}", str(IMAGES / "web")))
    world.plane.images.folders.append(folder.parent)
    await world.ready_pod("late")


async def test_a_program_that_the_image_lacks_is_a_start_error(world: World) -> None:
    world.create(pod(command=["bash", "-c", "true"], spec={"restartPolicy": "Never"}))
    await world.until(lambda: "terminated" in state_of(world).get("state", {}))
    ended = state_of(world)["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (128, "StartError")
    assert 'exec: "bash": executable file not found in $PATH' in ended["message"]
    assert (world.get("Pod", "web") or {})["status"]["phase"] == "Failed"


async def test_a_deleted_pod_leaves_no_process_no_folder_and_no_object(world: World) -> None:
    world.create(pod())
    await world.ready_pod("web")
    world.delete("Pod", "web")
    assert "deletionTimestamp" in (world.get("Pod", "web") or {})["metadata"]
    await world.until(lambda: world.get("Pod", "web") is None)
    assert processes(world) == []
    assert world.files("pods") == world.files("logs") == set()
    assert world.events("Killing")


async def test_a_pod_that_ignores_sigterm_is_killed_after_its_grace_period(world: World) -> None:
    world.create(pod(env=[{"name": "STUBBORN", "value": "1"}]))
    await world.ready_pod("web")
    (process,) = processes(world)
    process.send_signal(signal.SIGTERM)
    world.delete("Pod", "web", grace_seconds=1)
    await world.until(lambda: world.get("Pod", "web") is None)
    assert processes(world) == []


async def test_a_forced_delete_takes_the_process_along(world: World) -> None:
    world.create(pod(env=[{"name": "STUBBORN", "value": "1"}]))
    await world.ready_pod("web")
    world.delete("Pod", "web", grace_seconds=0)
    await world.until(lambda: world.get("Pod", "web") is None and not processes(world))


async def test_pre_stop_runs_before_the_signal(world: World) -> None:
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo bye > $FILE"]}}}
    env = [{"name": "FILE", "value": str(world.state / "bye")}]
    world.create(pod(lifecycle=hook, env=env))
    await world.ready_pod("web")
    world.delete("Pod", "web")
    await world.until(lambda: world.get("Pod", "web") is None)
    assert (world.state / "bye").read_text() == "bye\n"


async def test_too_much_memory_is_an_oom_kill(world: World) -> None:
    script = "import time; x = bytearray(120_000_000); time.sleep(60)"
    limits = {"limits": {"memory": "64Mi"}}
    world.create(pod(command=["python", "-c", script], resources=limits, startupProbe=None, readinessProbe=None))
    await world.until(lambda: state_of(world).get("lastState", {}).get("terminated"))
    last = state_of(world)["lastState"]["terminated"]
    assert (last["reason"], last["exitCode"]) == ("OOMKilled", 137)


async def test_a_sidecar_starts_first_and_stops_last(world: World) -> None:
    sidecar = container(name="side", restartPolicy="Always", env=[{"name": "PORT", "value": "8081"}])
    sidecar |= {"ports": [{"name": "http", "containerPort": 8081}]}
    work = {"name": "work", "image": "test/web", "command": ["sh", "-c", "exit 0"]}
    spec = {"initContainers": [sidecar], "containers": [work], "restartPolicy": "Never"}
    world.create(pod(spec=spec))
    done = await world.until(lambda: (world.get("Pod", "web") or {}).get("status", {}).get("phase") == "Succeeded")
    assert done
    await world.until(lambda: not processes(world))


async def test_a_process_that_detached_itself_ends_with_its_container(world: World) -> None:
    twice = "if os.fork() == 0:\n os.setsid()\n if os.fork() == 0: time.sleep(600)\n os._exit(0)"
    script = f"import os, time\n{twice}\ntime.sleep(600)"
    world.create(pod(command=["python", "-c", script], startupProbe=None, readinessProbe=None))
    await world.until(lambda: len(marked_processes(world.state)) == 2)
    world.delete("Pod", "web", grace_seconds=1)
    await world.until(lambda: world.get("Pod", "web") is None)
    assert marked_processes(world.state) == []
