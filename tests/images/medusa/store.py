"""A store as the tests run it: the image's programs with the environment that the chart gives them."""

import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from sandbox.launcher.programs import find_node

if TYPE_CHECKING:
    from build_steps.database import Server

REPO = Path(__file__).resolve().parents[3]
IMAGE_SOURCE = REPO / "deploy/images/medusa"
NODE, NPM = find_node().node, find_node().npm
START_SECONDS = 120


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Store:
    """One store: its environment, its programs, its address."""

    def __init__(self, image: Path, server: "Server", database: str) -> None:
        self.image = image
        self.server = server
        self.database = database
        self.key = f"pk_{secrets.token_hex(32)}"
        self.email = "admin@example.com"
        self.password = secrets.token_urlsafe(18)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.shop_url = "http://my-shop.localhost:8080"
        self.process: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[str]] = []
        self.log = ""
        self.environment = {
            "PATH": os.environ["PATH"],
            # As in the container, whose user may write to /tmp only.
            "HOME": "/dev/null/home",
            **server.environment(),
            "DATABASE_NAME": database,
            "JWT_SECRET": secrets.token_hex(16),
            "COOKIE_SECRET": secrets.token_hex(16),
            "ADMIN_EMAIL": self.email,
            "ADMIN_PASSWORD": self.password,
            "PUBLISHABLE_KEY": self.key,
            "STORE_NAME": "My Shop",
            "STORE_URL": self.shop_url,
            "COOKIE_SECURE": "false",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "NODE_ENV": "production",
        }

    @property
    def secrets(self) -> list[str]:
        """What must never be printed."""
        names = ["DATABASE_PASSWORD", "JWT_SECRET", "COOKIE_SECRET", "ADMIN_PASSWORD", "PUBLISHABLE_KEY"]
        return [self.environment[name] for name in names]

    def begin_prepare(self, **changes: str) -> "subprocess.Popen[str]":
        """Start prepare.mjs, with some variables changed."""
        return self._begin("prepare.mjs", {**self.environment, **changes})

    def prepare(self, *, code: int = 0, **changes: str) -> str:
        """Run prepare.mjs to its end; returns what it printed."""
        return self._finish(self.begin_prepare(**changes), code)

    def begin_migrate(self) -> "subprocess.Popen[str]":
        """Start migrate.mjs, which is told where the database is, and nothing else of the store."""
        told = {
            name: value for name, value in self.environment.items() if name.startswith(("DATABASE_", "PATH", "HOME"))
        }
        return self._begin("migrate.mjs", told)

    def migrate(self, *, code: int = 0) -> str:
        """Run migrate.mjs to its end; returns what it printed."""
        return self._finish(self.begin_migrate(), code)

    def _begin(self, program: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
        """In a group of its own, so that it can end as a container does: with all of its processes."""
        child = subprocess.Popen(
            [NODE, self.image / program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._children.append(child)
        return child

    def _finish(self, child: "subprocess.Popen[str]", code: int) -> str:
        output, _ = child.communicate(timeout=120)
        assert child.returncode == code, output
        assert not [secret for secret in self.secrets if secret in output]
        return output

    def begin_start(self) -> "subprocess.Popen[bytes]":
        """Start start.mjs."""
        self.log = tempfile.mktemp(prefix="medusa-", suffix=".log")  # noqa: S306 - read back by `printed`
        with Path(self.log).open("wb") as log:
            self.process = subprocess.Popen(
                [NODE, self.image / "start.mjs"], env=self.environment, stdout=log, stderr=log, cwd="/"
            )
        return self.process

    def start(self) -> None:
        """Start Medusa and wait until `/ready` says 200."""
        process = self.begin_start()
        deadline = time.monotonic() + START_SECONDS
        while self.ready() != 200:
            assert process.poll() is None, self.printed()
            assert time.monotonic() < deadline, self.printed()
            time.sleep(0.1)

    def printed(self) -> str:
        """What start.mjs has printed."""
        return Path(self.log).read_text(errors="replace")

    def ready(self) -> int:
        """The status of `/ready`; 0 when nothing listens."""
        try:
            return httpx.get(f"{self.url}/ready", timeout=10, trust_env=False).status_code
        except httpx.TransportError:
            return 0

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET with headers given as `x_publishable_api_key=…`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.get(f"{self.url}{path}", headers=named, timeout=30, trust_env=False)

    def kill(self) -> None:
        """End the processes without grace, also those of a test that lost patience, and forget the log."""
        for child in self._children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.log:
            Path(self.log).unlink(missing_ok=True)

    def sql(self, statement: str) -> str:
        """Run SQL in the store's database; returns the plain rows."""
        output: bytes = self.server.client("psql", "-d", self.database, "-Atqc", statement)
        return output.decode().strip()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table."""
        text = self.sql(f"SELECT coalesce(json_agg(t), '[]') FROM {table} t")  # noqa: S608 - our own names
        parsed: list[dict[str, Any]] = json.loads(text)
        return parsed
