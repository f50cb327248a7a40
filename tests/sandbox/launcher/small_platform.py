"""The launcher with three small processes in the platform's place. Run as a program: `small_platform.py COMMAND …`.

`SMALL_PLATFORM=broken` makes the web process fail, `SMALL_PLATFORM=slow` makes it take its time.
"""

import os
import sys
import textwrap
from pathlib import Path

from sandbox.launcher import cli, readiness, supervise, up
from sandbox.launcher.home import Home
from sandbox.launcher.options import Options
from sandbox.launcher.spec import ProcessSpec

WEB = """
    import http.server, os, signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("web starts", flush=True)
    if os.environ["KIND"] == "broken":
        print("the table stores is missing", flush=True)
        sys.exit(1)
    if os.environ["KIND"] == "slow":
        time.sleep(600)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler).serve_forever()
"""
WORKER = """
    import signal, sys, time
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("worker works", flush=True)
    time.sleep(600)
"""


def processes(_home: Home, options: Options) -> list[ProcessSpec]:
    env = {"PATH": os.environ["PATH"], "KIND": os.environ.get("SMALL_PLATFORM", "")}

    def python(code: str, *words: str) -> tuple[str, ...]:
        return (sys.executable, "-u", "-c", textwrap.dedent(code), *words)

    return [
        ProcessSpec("migrate", python("print('nothing to migrate')"), env, once=True),
        ProcessSpec(
            "web",
            python(WEB, str(options.port)),
            env,
            after=("migrate",),
            ready=readiness.tcp("127.0.0.1", options.port),
            address=options.dashboard_url,
        ),
        ProcessSpec("worker", python(WORKER), env, after=("migrate",), ready_line="works"),
    ]


def main() -> int:
    supervise.platform_processes = processes
    supervise.prepare_folders = lambda home: None
    up.builds = lambda **_: []
    up.require_disk = lambda *_: None
    up.build_all = lambda *_: None
    # `up --detach` starts this very program again in place of the interpreter with `-m sandbox.launcher`.
    again = Path(os.environ["STOREPLANE_HOME"]).with_name("again")
    again.write_text(f'#!/bin/sh\nshift 2\nexec {sys.executable} {__file__} "$@"\n')
    again.chmod(0o755)
    up.python = lambda: str(again)
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
