"""The fast checks of `test`: style, types, contracts, hazards, migrations, front ends, audits.

What a failed one said is shown.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.launcher.audits import SKIPPED
from sandbox.launcher.console import Console
from sandbox.launcher.home import CHECKOUT
from sandbox.launcher.processes import base_environment, node_environment
from sandbox.launcher.programs import Node, python

AT_ONCE = 2
SHOWN_LINES = 60
COMPOSE_FILE = "docker-compose.dev.yml"


@dataclass(frozen=True)
class Check:
    """A command that must exit with 0. With `skip_code` it couldn't look, and its last line says why."""

    name: str
    argv: tuple[str, ...]
    cwd: Path = CHECKOUT
    env: Mapping[str, str] = field(default_factory=dict)
    skip_code: int | None = None


def checks(node: Node) -> list[Check]:
    """All of them, the longest first, so that they end together."""
    tool = Path(sys.executable).parent
    sources = (".", "storeplane")
    # Answers at no address: these commands must not need a database.
    settings = {
        "STOREPLANE_SECRET_KEY": "only-for-checks-" + "x" * 50,
        "STOREPLANE_ALLOWED_HOSTS": "storeplane.example",
        "STOREPLANE_SECURE": "true",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    }
    front_ends = {**node_environment(), "CI": "1"}
    return [
        Check("mypy", (str(tool / "mypy"),)),
        Check("front ends", (str(node.npm), "run", "--silent", "check"), CHECKOUT / "frontend", front_ends),
        Check("ruff check", (str(tool / "ruff"), "check", *sources)),
        Check("ruff format", (str(tool / "ruff"), "format", "--check", *sources)),
        Check("hazards", (str(tool / "ast-grep"), "scan", "--error")),
        Check("hazards' rules", (str(tool / "ast-grep"), "test", "--skip-snapshot-tests")),
        *_audits(node, front_ends),
        Check("import contracts", (str(tool / "lint-imports"),)),
        Check("Dockerfiles", (str(tool / "hadolint"), *_paths("deploy/images/*/Dockerfile"))),
        Check("shell scripts", (str(tool / "shellcheck"), *_paths("deploy/**/*.sh", "tests/**/*.sh", ".ci/run"))),
        Check(
            "compose file", (str(tool / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", COMPOSE_FILE)
        ),
        Check("django check", (python(), "manage.py", "check", "--deploy", "--fail-level", "WARNING"), env=settings),
        Check("migrations", (python(), "manage.py", "makemigrations", "--check", "--dry-run"), env=settings),
    ]


def _audits(node: Node, env: Mapping[str, str]) -> list[Check]:
    ask = (python(), "-m", "sandbox.launcher.audits")
    folders = ("frontend", "deploy/images/medusa")
    deploy = {"PYTHONPATH": str(CHECKOUT / "deploy")}
    return [
        Check("audit of uv.lock", (*ask, "pip"), env=deploy, skip_code=SKIPPED),
        *(
            Check(f"audit of {folder}", (*ask, "npm", folder, str(node.npm)), env={**env, **deploy}, skip_code=SKIPPED)
            for folder in folders
        ),
    ]


def _paths(*patterns: str) -> list[str]:
    return [str(path) for pattern in patterns for path in sorted(CHECKOUT.glob(pattern))]


def install_front_ends(node: Node) -> Check:
    """The packages of the npm workspace, which a build that had nothing to do didn't need."""
    code = "import sys, workspace; workspace.install(workspace.Toolchain(*sys.argv[1:]))"
    return Check(
        "npm packages", (python(), "-c", code, str(node.node), str(node.npm)), CHECKOUT / "frontend", node_environment()
    )


def run(wanted: Sequence[Check], console: Console) -> list[str]:
    """Run them; the names of those that failed."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        passed = list(threads.map(lambda check: _passes(check, console), wanted))
    return [check.name for check, ok in zip(wanted, passed, strict=True) if not ok]


def _passes(check: Check, console: Console) -> bool:
    console.begin(check.name)
    done = subprocess.run(
        check.argv,
        cwd=check.cwd,
        env={**base_environment(), **check.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    skipped = check.skip_code is not None and done.returncode == check.skip_code
    console.end(check.name, failed=done.returncode != 0 and not skipped)
    if skipped:
        console.line(f"{check.name} was skipped: {done.stdout.splitlines()[-1]}")
        return True
    if done.returncode != 0:
        for line in done.stdout.splitlines()[-SHOWN_LINES:]:
            console.line(f"    {line}")
    return done.returncode == 0
