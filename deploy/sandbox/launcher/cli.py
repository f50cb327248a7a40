"""The command line: `./storeplane COMMAND`."""

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from sandbox.launcher.console import Console
from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home

_ENVIRONMENT = """environment:
  STOREPLANE_HOME        where data, logs and secrets live (default: .storeplane in the checkout)
  STOREPLANE_DOMAIN      the stores' domain (localhost)
  STOREPLANE_IMAGE_*     MEDUSA, STOREFRONT, POSTGRES: image names for a real cluster
  STOREPLANE_AUDIT_LOG   a file for the sandbox's log of who asked its API for what
  STOREPLANE_STORE_PORT  with --kubeconfig: the port in the stores' public addresses (80)
"""

# What `test` takes for itself; every other word is pytest's.
_TEST_WORDS = ("--fast", "-h", "--help")
_TEST_OPTION = "--kubeconfig"


def main(words: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code; a failure is one sentence on stderr, its trace goes to launcher.log."""
    arguments = list(sys.argv[1:] if words is None else words)
    for_pytest: list[str] = []
    if arguments[:1] == ["test"]:
        ours, for_pytest = _split_test_words(arguments[1:])
        arguments = ["test", *ours]
    options = parser().parse_args(arguments)
    options.for_pytest = for_pytest
    home = Home.from_environment()
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        return int(options.run(home, options))
    except LauncherError as error:
        _record(home)
        sys.stderr.write(f"storeplane: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("storeplane: Interrupted.\n")
        return 130
    except BrokenPipeError:
        return 0  # `storeplane logs | head`
    except Exception as error:
        where = _record(home)
        sys.stderr.write(f"storeplane: Something unforeseen went wrong: {error!r}{where}\n")
        return 1


def _split_test_words(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What of `test`'s words is ours, and what is pytest's."""
    ours: list[str] = []
    for_pytest: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == _TEST_OPTION:
            ours += [word, *([value] if (value := next(rest, None)) is not None else [])]
        elif word in _TEST_WORDS or word.startswith(f"{_TEST_OPTION}="):
            ours.append(word)
        else:
            for_pytest.append(word)
    return ours, for_pytest


def parser() -> argparse.ArgumentParser:
    """Every command with its options."""
    top = argparse.ArgumentParser(
        prog="./storeplane",
        description="Run Storeplane on this machine: no Docker, no cluster, no root.",
        epilog=_ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_up(commands)
    _add_small_ones(commands)
    _add_test(commands)
    hidden = commands.add_parser("supervise")
    hidden.add_argument("options")
    hidden.set_defaults(run=_supervise)
    account = commands.add_parser("account")
    account.add_argument("admin", type=Path)
    account.add_argument("out", type=Path)
    account.set_defaults(run=_account)
    return top


def _add_up(commands: Any) -> None:
    up = commands.add_parser(
        "up",
        help="build what is missing, start the platform and a demo store",
        description="Build what must be built once, start every process under one supervisor, create the store "
        "'demo', wait until it is Ready and print all addresses and logins. Ctrl-C stops everything; the next up "
        "finds it as it was.",
        epilog="Ports are remembered for the home, since the addresses of its stores hold them.",
    )
    up.add_argument("--detach", action="store_true", help="return when the demo store is Ready; stop it with down")
    up.add_argument("--no-demo", action="store_true", help="start without the demo store")
    up.add_argument("--port", type=_port, help="dashboard and API (8000)")
    up.add_argument("--ingress-port", type=_port, help="the stores: http://NAME.localhost:PORT (8080)")
    up.add_argument("--kubeconfig", metavar="PATH", help="use this real cluster in place of the sandbox")
    up.set_defaults(run=_up)


def _add_small_ones(commands: Any) -> None:
    status = commands.add_parser(
        "status",
        help="every process with its memory, CPU and restarts",
        description="Every process with pid, address, memory, CPU, restarts and uptime. Exit code 0 when a platform "
        "runs in this home, 3 when not.",
    )
    status.add_argument("--json", action="store_true", help="for programs; sizes in bytes, times in seconds")
    status.set_defaults(run=_status)
    kubeconfig = commands.add_parser(
        "kubeconfig",
        help="print the path of the kubeconfig",
        description='Print the path of the kubeconfig: export KUBECONFIG="$(./storeplane kubeconfig)"',
    )
    kubeconfig.set_defaults(run=_kubeconfig)
    logs = commands.add_parser(
        "logs",
        help="the logs of one process, or of all merged",
        description="The last lines of one process's log, or of all merged by time.",
    )
    logs.add_argument("name", nargs="?", help="a name from status; all when left out")
    logs.add_argument("-f", "--follow", action="store_true", help="go on with new lines until Ctrl-C")
    logs.add_argument("-n", "--lines", type=int, default=100, metavar="N", help="how many lines (100)")
    logs.set_defaults(run=_logs)
    verify = commands.add_parser(
        "verify",
        help="check what the platform promises, with five stores of its own",
        description="Identity, three at a time, drift, the finalizer and metrics, checked on the platform that runs in "
        "this home; python -m verify --help tells how to check any other.",
    )
    verify.add_argument("--keep", action="store_true", help="leave the five stores there")
    verify.set_defaults(run=_verify)
    down = commands.add_parser(
        "down",
        help="stop the platform",
        description="Stop every process of the platform in this home. Nothing is lost; does nothing when none runs.",
    )
    down.add_argument(
        "--wipe",
        action="store_true",
        help="also remove the home with all stores, data, logs and secrets; what is in a real cluster stays there",
    )
    down.set_defaults(run=_down)


def _add_test(commands: Any) -> None:
    test = commands.add_parser(
        "test",
        help="pass all tests",
        description="Lint, types, contracts, front-end tests, then pytest with real services, then the end-to-end "
        "test through the front door of a platform of its own. Other arguments go to pytest: a path, -k WORD, -x.",
    )
    test.add_argument("--fast", action="store_true", help="only the checks and the unit tests, no end-to-end test")
    test.add_argument(
        "--kubeconfig",
        metavar="PATH",
        help="run what needs a cluster, the end-to-end test included, on this real one in place of the sandbox; with "
        "image names in the environment, KUBECONFIG says the same",
    )
    test.set_defaults(run=_test)


def _up(home: Home, options: argparse.Namespace) -> int:
    from sandbox.launcher.up import Wish, up

    wish = Wish(
        port=options.port,
        ingress_port=options.ingress_port,
        kubeconfig=options.kubeconfig,
        with_demo=not options.no_demo,
        detach=options.detach,
    )
    return up(home, Console(), wish)


def _supervise(home: Home, options: argparse.Namespace) -> int:
    """What `up --detach` starts in the background; not for people."""
    from sandbox.launcher.options import Options
    from sandbox.launcher.supervise import supervise

    return supervise(home, Options.from_json(json.loads(options.options)), echo=None, ignore_hangup=True)


def _account(_home: Home, options: argparse.Namespace) -> int:
    """A job of the platform's start; not for people."""
    from sandbox.launcher.account import make_account

    make_account(options.admin, options.out)
    return 0


def _status(home: Home, options: argparse.Namespace) -> int:
    from sandbox.launcher import status

    if not options.json:
        return status.show(home, Console())
    told = status.report(home)
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    return 0 if told["supervisor"] else status.NOT_RUNNING


def _kubeconfig(home: Home, _options: argparse.Namespace) -> int:
    from sandbox.launcher import running

    found = running.find(home)
    path = found.state["kubeconfig"] if found else str(home.kubeconfig)
    if found is None and not home.kubeconfig.exists():
        raise LauncherError(f"There is no kubeconfig in {home.root} yet; run ./storeplane up first.")
    sys.stdout.write(f"{path}\n")
    return 0


def _logs(home: Home, options: argparse.Namespace) -> int:
    from sandbox.launcher import logs

    ends = logs.ends(home.logs)
    for line in logs.read(home.logs, options.name, options.lines):
        sys.stdout.write(f"{line}\n")
    if options.follow:
        for line in logs.follow(home.logs, options.name, ends):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    return 0


def _verify(home: Home, options: argparse.Namespace) -> int:
    from sandbox.launcher import running
    from verify.__main__ import main as verify

    found = running.find(home)
    if found is None:
        raise LauncherError("No platform runs in this home; run ./storeplane up first.")
    words = ["--url", found.options.dashboard_url, "--kubeconfig", str(found.state["kubeconfig"])]
    return verify([*words, *(["--keep"] if options.keep else [])])


def _down(home: Home, options: argparse.Namespace) -> int:
    from sandbox.launcher.down import down

    return down(home, Console(), wipe=options.wipe)


def _test(home: Home, options: argparse.Namespace) -> int:
    from sandbox.launcher.testing import named_cluster, test

    kubeconfig = options.kubeconfig or named_cluster(os.environ)
    return test(options.for_pytest, fast=options.fast, kubeconfig=kubeconfig, console=Console())


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:  # noqa: PLR2004 - the range of TCP
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number (1 to 65535)")
    return int(text)


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt("SIGTERM")


def _record(home: Home) -> str:
    """Append the stack trace to launcher.log, and say where that is; nothing when there is no home to write to."""
    try:
        with (home.logs / "launcher.log").open("a") as file:
            file.write(f"{datetime.now(UTC).isoformat()} {traceback.format_exc()}\n")
    except OSError:
        return ""
    return f" (the trace is in {home.logs / 'launcher.log'})"
