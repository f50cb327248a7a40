"""The supervisor, with small real processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.launcher import pids
from sandbox.launcher.child import StartFailed
from sandbox.launcher.home import Home, read_json
from sandbox.launcher.spec import ProcessSpec, levels
from sandbox.launcher.supervisor import HomeLock, Supervisor


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def program(name: str, code: str, **spec: Any) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-u", "-c", textwrap.dedent(code)),
        env={"PATH": os.environ["PATH"]},
        **spec,
    )


def server(name: str, **spec: Any) -> ProcessSpec:
    """Says that it is up, then lives until it is told to stop."""
    return program(name, "print('up'); import time; time.sleep(600)", ready_line="up", **spec)


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the condition is another process's doing
            await asyncio.sleep(0.02)


def states(home: Home) -> dict[str, str]:
    return {row["name"]: row["state"] for row in read_json(home.state_file)["processes"]}


async def test_a_process_starts_only_after_those_it_needs_are_ready(home: Home) -> None:
    lines: list[tuple[str, str]] = []
    specs = [
        server("second", after=("job",)),
        program("job", "print('worked')", once=True, after=("first",)),
        program("first", "import time; time.sleep(0.2); print('up'); time.sleep(600)", ready_line="up"),
    ]
    supervisor = Supervisor(home, specs, {}, echo=lambda name, line: lines.append((name, line)))
    await supervisor.start()
    supervisor.ready()
    assert states(home) == {"first": "running", "job": "done", "second": "running"}
    await supervisor.stop()
    assert [line for line in lines if line[0] != "supervisor"] == [("first", "up"), ("job", "worked"), ("second", "up")]
    assert states(home) == {"first": "stopped", "job": "done", "second": "stopped"}


async def test_processes_stop_in_the_reverse_order_of_their_start(home: Home) -> None:
    stopped: list[str] = []
    code = """
        import os, signal, sys, time
        # Not by print: the signal may come while "up" is still being printed, and print can not be entered twice.
        signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"bye\\n"), sys.exit(0)))
        print("up")
        time.sleep(600)
    """
    specs = [
        program("database", code, ready_line="up"),
        program("api", code, ready_line="up", after=("database",)),
        program("worker", code, ready_line="up", after=("api",)),
    ]
    supervisor = Supervisor(home, specs, {}, echo=lambda name, line: stopped.append(name) if line == "bye" else None)
    await supervisor.start()
    await supervisor.stop()
    assert stopped == ["worker", "api", "database"]


async def test_a_killed_process_is_started_again_and_that_is_said(home: Home) -> None:
    said: list[str] = []
    supervisor = Supervisor(home, [server("web")], {}, echo=lambda name, line: said.append(f"{name}: {line}"))
    await supervisor.start()
    first = supervisor.children["web"].pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.children["web"].restarts == 1 and states(home)["web"] == "running")
    assert supervisor.children["web"].pid != first
    assert "supervisor: web ended (SIGKILL); starting it again in 0.5 s" in said
    await supervisor.stop()


async def test_a_job_that_fails_stops_the_start_with_its_last_lines(home: Home) -> None:
    specs = [server("database"), program("migrate", "print('no such table'); exit(3)", once=True, after=("database",))]
    supervisor = Supervisor(home, specs, {})
    with pytest.raises(StartFailed, match=r"^migrate failed \(exit code 3\)\.$") as failure:
        await supervisor.start()
    assert failure.value.last_lines == ["no such table"]
    await supervisor.stop()
    state = read_json(home.state_file)
    assert (state["phase"], state["error"]["process"]) == ("failed", "migrate")
    assert states(home)["database"] == "stopped"
    assert pids.strays(home.run) == {}


async def test_a_server_that_ends_before_it_is_ready_stops_the_start(home: Home) -> None:
    supervisor = Supervisor(home, [program("web", "print('port taken'); exit(1)", ready_line="up")], {})
    with pytest.raises(StartFailed, match=r"^web ended while it was starting \(exit code 1\)\.$"):
        await supervisor.start()
    await supervisor.stop()


async def test_a_server_that_never_becomes_ready_is_killed_at_its_timeout(home: Home) -> None:
    supervisor = Supervisor(
        home, [program("web", "import time; time.sleep(600)", ready_line="up", start_timeout=0.3)], {}
    )
    with pytest.raises(StartFailed, match=r"^web was not ready after 0 s\.$"):
        await supervisor.start()
    assert supervisor.children["web"].pid is None
    await supervisor.stop()


async def test_a_program_that_is_missing_is_named(home: Home) -> None:
    supervisor = Supervisor(home, [ProcessSpec(name="web", argv=("/nowhere/program",))], {})
    with pytest.raises(StartFailed, match=r"^web can't be started: /nowhere/program: No such file or directory"):
        await supervisor.start()
    await supervisor.stop()


async def test_a_process_that_ignores_the_stop_signal_is_killed_with_its_children(home: Home) -> None:
    code = """
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(15, 1); time.sleep(600)"])
        print("child", child.pid)
        time.sleep(600)
    """
    supervisor = Supervisor(home, [program("stubborn", code, ready_line="child", stop_grace=0.2)], {})
    await supervisor.start()
    grandchild = int(supervisor.children["stubborn"].log.last[-1].split()[1])
    await supervisor.stop()
    await until(lambda: pids.start_ticks(grandchild) is None)


async def test_the_children_of_a_process_that_died_die_before_it_starts_again(home: Home) -> None:
    code = """
        import subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        print("child", child.pid)
        time.sleep(600)
    """
    supervisor = Supervisor(home, [program("parent", code, ready_line="child")], {})
    await supervisor.start()
    child = supervisor.children["parent"]
    orphan = int(child.log.last[-1].split()[1])
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: child.restarts == 1)
    assert pids.start_ticks(orphan) is None
    await supervisor.stop()


SUPERVISE = """
    import asyncio, sys
    from pathlib import Path
    from sandbox.launcher.home import Home
    from sandbox.launcher.spec import ProcessSpec
    from sandbox.launcher.supervisor import Supervisor

    TERM_IGNORED = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    PLAIN = "import time; print('up', flush=True); time.sleep(600)"

    async def main():
        specs = [
            ProcessSpec(name=name, argv=(sys.executable, "-c", code), ready_line="up")
            for name, code in (("plain", PLAIN), ("stubborn", TERM_IGNORED))
        ]
        supervisor = Supervisor(Home(Path(sys.argv[1])), specs, {})
        await supervisor.start()
        print("ready", flush=True)
        await asyncio.sleep(600)

    asyncio.run(main())
"""


async def test_a_killed_supervisor_takes_its_processes_along_and_the_next_start_ends_the_rest(home: Home) -> None:
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(SUPERVISE), str(home.root), stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    assert await killed.stdout.readline() == b"ready\n"
    started = {row["name"]: row["pid"] for row in read_json(home.state_file)["processes"]}
    killed.kill()
    await killed.wait()
    await until(lambda: pids.start_ticks(started["plain"]) is None)
    assert pids.start_ticks(started["stubborn"]) is not None

    assert await asyncio.to_thread(pids.end_strays, home.run, 0.2) == [started["stubborn"]]
    await until(lambda: pids.start_ticks(started["stubborn"]) is None)


def test_a_pid_that_was_given_out_again_is_never_signalled(home: Home) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as bystander:
        pids.remember(home.run, "web", bystander.pid)
        record = read_json(home.run / "web.pid")
        record["start"] -= 1
        (home.run / "web.pid").write_text(json.dumps(record))
        assert pids.end_strays(home.run, grace=0) == []
        assert bystander.poll() is None
        bystander.kill()


def test_a_process_is_known_by_the_folder_it_was_started_from_or_one_above(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    env = {pids.OWNER_VARIABLE: str(folder / "home" / "run")}
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], env=env) as started:
        assert pids.strays(tmp_path / "on") == {}
        assert set(pids.strays(folder / "home" / "run")) == set(pids.strays(folder)) == {started.pid}
        started.kill()


def test_one_home_has_one_supervisor(home: Home) -> None:
    first, second = HomeLock(home.lock_file), HomeLock(home.lock_file)
    first.take()
    assert second.is_taken
    first.release()
    assert not second.is_taken


def test_a_need_that_can_not_be_met_is_refused() -> None:
    with pytest.raises(ValueError, match="web"):
        levels([ProcessSpec(name="web", argv=("true",), after=("database",))])


def test_the_state_file_is_never_seen_half_written(home: Home) -> None:
    supervisor = Supervisor(home, [server("web")], {"port": 8000})
    deadline = time.monotonic() + 0.3
    while time.monotonic() < deadline:
        supervisor.publish()
        assert read_json(home.state_file)["port"] == 8000
