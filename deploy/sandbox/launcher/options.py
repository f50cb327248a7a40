"""What `up` was asked for, and what a home remembers of the last time."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home, read_json, write_json
from sandbox.launcher.pids import OWNER_VARIABLE

PORT, INGRESS_PORT, API_PORT = 8000, 8080, 6443
_REAL_CLUSTER_STORE_PORT = 80


@dataclass(frozen=True)
class Options:
    """The settings of one running platform."""

    port: int = PORT
    ingress_port: int = INGRESS_PORT
    api_port: int = API_PORT
    kubeconfig: Path | None = None
    """A real cluster; None is the sandbox."""

    @classmethod
    def choose(cls, home: Home, port: int | None, ingress_port: int | None, kubeconfig: str | None) -> "Options":
        """What was asked for now, else what this home had before (its stores' addresses hold the port), else 8000."""
        before = _before(home)
        return cls(
            port=port or before.get("port", PORT),
            ingress_port=ingress_port or before.get("ingress_port", INGRESS_PORT),
            api_port=before.get("api_port", API_PORT),
            kubeconfig=_cluster(home, before, kubeconfig),
        )

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Options":
        kubeconfig = value.get("kubeconfig")
        return cls(**{**value, "kubeconfig": Path(kubeconfig) if kubeconfig else None})

    def to_json(self) -> dict[str, Any]:
        return {
            "port": self.port,
            "ingress_port": self.ingress_port,
            "api_port": self.api_port,
            "kubeconfig": str(self.kubeconfig) if self.kubeconfig else None,
        }

    def remember(self, home: Home) -> None:
        write_json(home.root / "options.json", self.to_json())

    @property
    def dashboard_url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def domain(self) -> str:
        return os.environ.get("STOREPLANE_DOMAIN") or "localhost"

    @property
    def store_port(self) -> int:
        """The port in the stores' public addresses."""
        if self.kubeconfig is None:
            return self.ingress_port
        try:
            return int(os.environ.get("STOREPLANE_STORE_PORT") or _REAL_CLUSTER_STORE_PORT)
        except ValueError:
            raise LauncherError(
                f"STOREPLANE_STORE_PORT must be a number, and is {os.environ['STOREPLANE_STORE_PORT']!r}."
            ) from None

    def differs_from(self, running: "Options", *, port: int | None, ingress_port: int | None) -> str:
        """Which option, asked for by name, a running platform doesn't have; empty when it fits."""
        if port is not None and port != running.port:
            return f"--port {port} (it has {running.port})"
        if ingress_port is not None and ingress_port != running.ingress_port:
            return f"--ingress-port {ingress_port} (it has {running.ingress_port})"
        if self.kubeconfig != running.kubeconfig:
            return f"--kubeconfig {self.kubeconfig} (it has {running.kubeconfig})"
        return ""


def remembered_cluster(home: Home) -> str | None:
    """The kubeconfig of the real cluster that the home's stores are in; None for the sandbox, which is in the home."""
    path: str | None = _before(home).get("kubeconfig")
    return path


def _before(home: Home) -> dict[str, Any]:
    return read_json(home.root / "options.json")


def _cluster(home: Home, before: dict[str, Any], asked: str | None) -> Path | None:
    """The home's stores are objects of one cluster: it stays with that, though a real one's file may move."""
    if asked and before and before.get("kubeconfig") is None:
        raise LauncherError(
            f"The stores of {home.root} live in the sandbox; name another folder in STOREPLANE_HOME for a real "
            "cluster, or remove this one with ./storeplane down --wipe."
        )
    path = asked or before.get("kubeconfig")
    return existing_kubeconfig(path) if path else None


def existing_kubeconfig(path: str) -> Path:
    """The file. Raises LauncherError when there is none, or when a list of them is given, as kubectl takes it."""
    found = Path(path).expanduser().resolve()
    if not found.is_file():
        several = os.pathsep in path
        hint = " A list of files is not taken; `kubectl config view --flatten > FILE` makes one." if several else ""
        raise LauncherError(f"There is no kubeconfig at {found}.{hint}")
    return found


def require_free_ports(options: Options) -> None:
    """Raises LauncherError that says who has a wanted port, and how to take another."""
    if options.port == options.ingress_port:
        raise LauncherError(f"--port and --ingress-port are both {options.port}; they must differ.")
    _require_free(options.port, "--port")
    if options.kubeconfig is None:
        _require_free(options.ingress_port, "--ingress-port")


def free_port(wanted: int) -> int:
    """The wanted port when nobody has it, else one that the system chooses."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise LauncherError("There is no free TCP port on 127.0.0.1.")


def _require_free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise LauncherError(f"Port {port} needs root; choose one above 1023 with {option}.") from None
        except OSError:
            raise LauncherError(f"Port {port} is in use{_owner(port)}; choose another with {option}.") from None


def _owner(port: int) -> str:
    """` by nginx (pid 12)` as far as this user may know it."""
    try:
        found = [
            c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.status == "LISTEN"
        ]
        pid = next(pid for pid in found if pid)
        words = f" by {psutil.Process(pid).name()} (pid {pid})"
        owner = psutil.Process(pid).environ().get(OWNER_VARIABLE)
    except (StopIteration, psutil.Error, OSError):
        return ""
    return f"{words} of the platform in {Path(owner).parent}" if owner else words
