"""Builds the dashboard into `.build/dashboard`, which the platform serves at `/`."""

import sys
from pathlib import Path

from workspace import FRONTEND, REPO, Toolchain, main, step

_INPUTS = [
    FRONTEND / "package-lock.json",
    FRONTEND / "tsconfig.base.json",
    FRONTEND / "precompress.mjs",
    FRONTEND / "workspace.py",
    FRONTEND / "build.py",
    FRONTEND / "dashboard",
]


def _make(tools: Toolchain, folder: Path) -> None:
    with step("dashboard"):
        tools.run(tools.npm, "run", "build", "-w", "dashboard", "--", "--outDir", str(folder), "--emptyOutDir")
        tools.run(tools.node, "precompress.mjs", str(folder))


if __name__ == "__main__":
    sys.exit(main("the dashboard", REPO / ".build" / "dashboard", _INPUTS, _make))
