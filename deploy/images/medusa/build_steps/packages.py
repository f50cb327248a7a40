"""npm and Medusa's own commands."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from build_steps.process import BuildError, run

# How many packages end up at the top of node_modules, for the progress line only.
PACKAGES = 881
FOREIGN = ("DATABASE_", "REDIS_", "PG", "MEDUSA_", "NODE_OPTIONS", "STOREPLANE_")


@dataclass(frozen=True)
class Tools:
    """The programs of the machine that build."""

    node: Path
    npm: Path

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The caller's environment with this Node first on PATH, for npm and for scripts with `env node`.

        What would lead Medusa to the caller's own database or Redis is left out.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {
            **kept,
            "PATH": f"{self.node.absolute().parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "NODE_ENV": "production",
            "MEDUSA_DISABLE_TELEMETRY": "true",
            # medusa-config.ts is read at build time too; these never reach the image.
            "JWT_SECRET": "build",
            "COOKIE_SECRET": "build",
            **(extra or {}),
        }


def _installed(project: Path, output: str) -> str:
    downloaded = len(re.findall(r"http fetch GET 200 \S+\.tgz ", output))
    modules = project / "node_modules"
    # npm makes all folders at once and fills them later: those with a package.json are done.
    unpacked = sum(1 for pattern in ("[!@.]*/package.json", "@*/*/package.json") for _ in modules.glob(pattern))
    return f"npm install: {downloaded} downloaded (the rest was here), {unpacked} of {PACKAGES} packages unpacked"


def _why_not_installed(output: str) -> str:
    """npm tells failed downloads only in passing, and may then end without a reason."""
    failed = re.findall(r"http fetch GET (\S+) attempt \d+ failed with (\w+)", output)
    if not failed:
        return ""
    address, code = failed[-1]
    return f"{address} can't be had ({code}); is the network there, and does npm trust its certificates?"


def install(tools: Tools, project: Path) -> None:
    """Install what the lock names. Not `npm ci`: it refuses locks that lack other platforms' packages of @swc/core."""
    command: list[str | Path] = [tools.npm, "install", "--include=dev", "--prefer-offline", "--loglevel=http"]
    # Scripts are left out: none of these packages needs one, and a build should run no stranger's program.
    command += ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress"]
    # npm's own patience (two minutes and more for each file) is spent in silence.
    command += ["--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    run(
        command,
        cwd=project,
        env=tools.environment(),
        what="npm install",
        progress=lambda output: _installed(project, output),
        explain=_why_not_installed,
    )


def _medusa(tools: Tools, folder: Path, *words: str) -> list[str | Path]:
    return [tools.node, folder / "node_modules/@medusajs/cli/cli.js", *words]


def medusa_build(tools: Tools, project: Path) -> None:
    """Compile the server and the admin into `.medusa/server`. Takes up to 1.7 GB of memory."""
    environment = tools.environment({"NODE_OPTIONS": "--max-old-space-size=3072"})
    run(
        _medusa(tools, project, "build"),
        cwd=project,
        env=environment,
        what="medusa build",
        progress=lambda _: "medusa build: compiling the server and the admin",
    )
    if not (project / ".medusa/server/public/admin/index.html").is_file():
        raise BuildError("medusa build made no admin (.medusa/server/public/admin/index.html is missing)")


def migrate(tools: Tools, app: Path, database: Mapping[str, str]) -> None:
    """Create Medusa's tables in an empty database."""
    run(_medusa(tools, app, "db:migrate"), cwd=app, env=tools.environment(database), what="medusa db:migrate")


def seed(tools: Tools, app: Path, database: Mapping[str, str]) -> None:
    """Fill the migrated database with the goods and rules of a new store."""
    command = _medusa(tools, app, "exec", "./src/scripts/seed.js")
    run(command, cwd=app, env=tools.environment(database), what="the seed script")
