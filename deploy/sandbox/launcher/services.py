"""The two servers that the platform needs, as process specs: PostgreSQL and Redis, on unix sockets, tuned small.

The tests start theirs from the same functions (`tests/services.py`).
"""

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from sandbox.launcher import readiness
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.privileges import unprivileged
from sandbox.launcher.programs import postgres_programs, redis_server
from sandbox.launcher.spec import ProcessSpec

USER = DATABASE = "storeplane"
# The kernel takes 107 bytes for a unix socket's path.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")

_POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "[%p] ",
}


def socket_folder(root: Path) -> Path:
    """A private folder for sockets: `root/sockets`, or one with a short name under /tmp when that is too long."""
    folder = _socket_path(root)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), unprivileged().owner):
            raise LauncherError(f"{folder} belongs to another user; remove it, or set TMPDIR.") from None
    unprivileged().own(folder)
    return folder


def _socket_path(root: Path) -> Path:
    folder = root / "sockets"
    if len(os.fsencode(folder)) <= _LONGEST_SOCKET_FOLDER:
        return folder
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"storeplane-{os.geteuid()}-{name}"


def remove_socket_folder(root: Path) -> None:
    """Take away what `socket_folder` made outside of the home."""
    shutil.rmtree(_socket_path(root), ignore_errors=True)


def database_url(sockets: Path) -> str:
    return f"postgresql://{USER}@{quote(str(sockets), safe='')}/{DATABASE}"


def redis_url(sockets: Path) -> str:
    return f"unix://{sockets}/redis.sock"


def make_database(folder: Path, say: Callable[[str], None] = lambda line: None) -> None:
    """Make the cluster and the database in it at the first start; a killed attempt is made anew.

    Raises LauncherError when the folder holds another major version, or initdb fails.
    """
    data = folder / "data"
    wanted = "16"
    if data.exists():
        version = (data / "PG_VERSION").read_text().strip()
        if version != wanted:
            raise LauncherError(
                f"{data} was made by PostgreSQL {version} and this is {wanted}; start it with the "
                "checkout that made it, or remove it with ./storeplane down --wipe."
            )
        _clear_stale_pid_file(data)
        unprivileged().own(folder)
        return
    folder.mkdir(mode=0o700, exist_ok=True)
    unprivileged().own(folder)
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    say("making the database cluster")
    initdb = [str(postgres_programs() / "initdb"), "--pgdata", str(unfinished), "--username", USER]
    initdb += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"]
    _run(initdb)
    _run(
        [str(postgres_programs() / "postgres"), "--single", "-D", str(unfinished), "postgres"],
        f"CREATE DATABASE {DATABASE}",
    )
    unfinished.rename(data)
    os.sync()


def postgres(folder: Path, sockets: Path, *, durable: bool = True) -> ProcessSpec:
    """PostgreSQL on a cluster that `make_database` made. Not durable is for tests: nothing is synced to disk."""
    programs = postgres_programs()
    settings = {**_POSTGRES_SETTINGS, "unix_socket_directories": str(sockets)}
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    return ProcessSpec(
        name="postgres",
        argv=(*unprivileged().prefix, str(programs / "postgres"), "-D", str(folder / "data"), *options),
        env=_plain_environment(),
        ready=readiness.command(str(programs / "pg_isready"), "-q", "-h", str(sockets), "-U", USER),
        stop_signal=signal.SIGINT,  # a fast shutdown: clients are sent away, data is safe
        stop_grace=20,
        address=str(sockets / ".s.PGSQL.5432"),
    )


def redis(folder: Path, sockets: Path, *, durable: bool = True) -> ProcessSpec:
    """Redis that keeps every write on disk and refuses to forget keys: it carries the Celery queues."""
    folder.mkdir(mode=0o700, exist_ok=True)
    socket = sockets / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(folder)]
    options += ["--appendonly", "yes" if durable else "no", "--save", "", "--maxmemory-policy", "noeviction"]
    return ProcessSpec(
        name="redis",
        argv=(str(redis_server()), *options, "--daemonize", "no"),
        env=_plain_environment(),
        ready=readiness.redis(socket),
        address=str(socket),
    )


def _plain_environment() -> dict[str, str]:
    """Without the PG* variables of the user's shell, which would change what the programs do."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _run(command: Sequence[str], text: str = "") -> None:
    done = subprocess.run(
        [*unprivileged().prefix, *command],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        env=_plain_environment(),
        cwd="/",
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines() or ["it said nothing"]
        raise LauncherError(f"PostgreSQL's {Path(command[0]).name} failed: {words[-1]}")


def _clear_stale_pid_file(data: Path) -> None:
    """Remove `postmaster.pid` when its process is not this cluster's: a pid that was given out again blocks the start.

    The caller holds the home's lock and has ended what an earlier start left.
    """
    file = data / "postmaster.pid"
    try:
        pid = int(file.read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return
    try:
        is_ours = os.path.samefile(f"/proc/{pid}/cwd", data)
    except OSError:
        is_ours = False
    if not is_ours:
        file.unlink(missing_ok=True)
