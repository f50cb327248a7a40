"""The finished folder is tried as a store would use it; what V8 compiled on the way is kept for all stores."""

from __future__ import annotations

import secrets
from pathlib import Path

from build_steps.database import Server, free_port
from build_steps.packages import Tools
from build_steps.process import BuildError, run


def first_start(tools: Tools, app: Path, server: Server) -> None:
    """Prepare an empty database, start, get a right answer from `/ready`, and write `code-cache.bin`.

    `/ready` asks the Store API, so a package that is missing, a broken dump or a bad claim fails the build.
    """
    server.client("psql", "-qc", "CREATE DATABASE trial")
    environment = tools.environment(
        {
            **server.environment(),
            "DATABASE_NAME": "trial",
            "STORE_NAME": "Trial",
            "STORE_URL": "http://localhost",
            "COOKIE_SECURE": "false",
            "ADMIN_EMAIL": "trial@example.com",
            "ADMIN_PASSWORD": secrets.token_hex(16),
            "PUBLISHABLE_KEY": f"pk_{secrets.token_hex(32)}",
            "HOST": "127.0.0.1",
            "PORT": str(free_port()),
            "RECORD_CODE_CACHE": "true",
        }
    )
    run([tools.node, app / "prepare.mjs"], cwd=app, env=environment, what="prepare.mjs on an empty database")
    run([tools.node, app / "start.mjs"], cwd=app, env=environment, what="start.mjs on the prepared database")
    if not (app / "code-cache.bin").is_file():
        raise BuildError("start.mjs wrote no code-cache.bin")
