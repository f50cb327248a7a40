"""`up`: check, build, start, wait for the demo store, and say where everything is."""

import json
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

from sandbox.launcher import demo, running
from sandbox.launcher.builds import build_all, builds, require_disk
from sandbox.launcher.child import StartFailed
from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home, read_json
from sandbox.launcher.options import Options, free_port, require_free_ports
from sandbox.launcher.programs import python
from sandbox.launcher.supervise import describe, supervise

START_TIMEOUT = 300.0


@dataclass(frozen=True)
class Wish:
    """What the person typed; None is what wasn't named."""

    port: int | None = None
    ingress_port: int | None = None
    kubeconfig: str | None = None
    with_demo: bool = True
    detach: bool = False


def up(home: Home, console: Console, wish: Wish) -> int:
    """Returns the exit code; raises LauncherError with the sentence to show."""
    options = Options.choose(home, wish.port, wish.ingress_port, wish.kubeconfig)
    if (found := running.find(home)) is not None:
        return _already(home, found, options, console, wish)
    require_free_ports(options)
    home.create()
    wanted = builds(with_images=options.kubeconfig is None)
    require_disk(wanted, home)
    build_all(wanted, home, console)
    # Builds can take minutes: what was true before is asked again, and the API's port is only now chosen.
    if (found := running.find(home)) is not None:
        return _already(home, found, options, console, wish)
    require_free_ports(options)
    options = replace(options, api_port=free_port(options.api_port))
    start = _detached if wish.detach else _in_foreground
    return start(home, options, console, with_demo=wish.with_demo)


def _already(home: Home, found: running.Running, options: Options, console: Console, wish: Wish) -> int:
    different = options.differs_from(found.options, port=wish.port, ingress_port=wish.ingress_port)
    if different:
        raise LauncherError(
            f"A platform is already running at {found.options.dashboard_url} without {different}; "
            "run ./storeplane down first, or set STOREPLANE_HOME to start a second one."
        )
    console.line(f"Already running at {found.options.dashboard_url} (supervisor pid {found.pid}).")
    if found.phase == "starting":
        _until_started(home, found.pid, console, process=None)
    if wish.detach and wish.with_demo:
        welcome(home, found.options, console, with_demo=True, stop=threading.Event())
    return 0


def _in_foreground(home: Home, options: Options, console: Console, *, with_demo: bool) -> int:
    def when_ready(stop: threading.Event) -> None:
        try:
            welcome(home, options, console, with_demo=with_demo, stop=stop)
            console.line("  Ctrl-C stops everything; the next ./storeplane up finds it as it was.\n")
        except LauncherError as error:
            if not stop.is_set():
                console.error(f"storeplane: {error}")
                console.line("The platform keeps running; Ctrl-C stops it.")

    def echo(name: str, line: str) -> None:
        if demo.REQUEST_ID not in line:
            console.prefixed(name, line)

    try:
        return supervise(home, options, echo=echo, when_ready=when_ready)
    except StartFailed as failure:
        raise LauncherError(describe(failure, str(home.logs))) from failure


def _detached(home: Home, options: Options, console: Console, *, with_demo: bool) -> int:
    output = home.logs / "supervise.out"
    argv = [python(), "-m", "sandbox.launcher", "supervise", json.dumps(options.to_json())]
    with output.open("wb") as file:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True, cwd="/"
        )
    try:
        _until_started(home, process.pid, console, process=process)
        welcome(home, options, console, with_demo=with_demo, stop=threading.Event())
    except BaseException:
        console.line("Stopping what was started ...")
        found = running.find(home)
        if found is not None and found.pid == process.pid:
            running.stop(home, found)
        elif process.poll() is None:
            process.terminate()
            process.wait()
        raise
    console.line("  It runs in the background; ./storeplane down stops it, ./storeplane logs shows what it does.\n")
    return 0


def _until_started(home: Home, pid: int, console: Console, *, process: "subprocess.Popen[bytes] | None") -> None:
    """Show each process as it becomes ready. Raises LauncherError when the supervisor gives up."""
    shown: set[str] = set()
    deadline = time.monotonic() + START_TIMEOUT
    with console.step("Starting the platform"):
        while time.monotonic() < deadline:
            state = read_json(home.state_file)
            if (state.get("supervisor") or {}).get("pid") == pid:
                _show_started(state, shown, console)
                if state["phase"] == "running":
                    return
                if state["phase"] in ("failed", "stopped", "stopping"):
                    raise LauncherError(_why(state, home))
            if process is not None and process.poll() is not None:
                words = (home.logs / "supervise.out").read_text(errors="replace").strip()
                raise LauncherError(words.removeprefix("storeplane: ") or "The supervisor ended and said nothing.")
            console.refresh()
            time.sleep(0.1)
    raise LauncherError(f"The platform did not start within {START_TIMEOUT:.0f} s; ./storeplane logs tells more.")


def _show_started(state: dict[str, Any], shown: set[str], console: Console) -> None:
    for row in state["processes"]:
        if row["state"] in ("running", "done") and row["name"] not in shown:
            shown.add(row["name"])
            console.detail("Starting the platform", f"{row['name']} {'done' if row['job'] else 'is ready'}")


def _why(state: dict[str, Any], home: Home) -> str:
    error = state.get("error")
    if not error:
        return "The platform was stopped while it was starting."
    return describe(StartFailed(error["process"], error["why"], error["last_lines"]), str(home.logs))


def welcome(home: Home, options: Options, console: Console, *, with_demo: bool, stop: threading.Event) -> None:
    """Wait for the demo store, then print every address and login. Raises LauncherError when the store fails."""
    store = None
    if with_demo:
        ingress = ("127.0.0.1", options.ingress_port) if options.kubeconfig is None else None
        watcher = demo.Watcher(f"http://127.0.0.1:{options.port}", console, stop=stop)
        store = watcher.bring_up(ingress)
    base = options.dashboard_url
    rows = [
        ("Dashboard", base, ""),
        ("API docs", f"{base}/docs", ""),
        ("Admin", f"{base}/admin/", f"admin / {home.secrets()['admin_password']}"),
    ]
    if store is not None:
        rows += [
            ("Shop", store.url, ""),
            ("Shop's admin", store.admin_url, f"{store.admin_email} / {store.admin_password}"),
        ]
    width = max(len(address) for _, address, _ in rows)
    console.line("\n" + console.paint("Storeplane is up.") + "\n")
    for name, address, login in rows:
        console.line(f"  {name:<13} {address:<{width}}  {login}".rstrip())
    console.line(f"  {'kubectl':<13} export KUBECONFIG={options.kubeconfig or home.kubeconfig}\n")
