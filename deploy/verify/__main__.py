"""`python -m verify`, or `./storeplane verify` for the platform of this machine."""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence

from provisioner.cluster import Cluster, ClusterError
from verify.caller import Broken, Caller
from verify.checks import AT_ONCE, CHECKS, World, clean_up, is_askable


def main(words: Sequence[str] | None = None) -> int:
    """Run the checklist; 0 when every promise was kept, 2 when it couldn't begin."""
    options = _parser().parse_args(words)
    if options.kubeconfig:
        os.environ["KUBECONFIG"] = options.kubeconfig
    world = _world(options)
    try:
        is_askable(world)
    except Broken as why:
        print(f"verify: {why}", file=sys.stderr)
        return 2
    print(f"Checking the platform at {options.url} with {AT_ONCE} stores of its own …", flush=True)
    broken = sum(not _keeps(name, world) for name in CHECKS)
    if options.keep:
        print(f"Left as they are: {', '.join(world.made)}.")
    else:
        broken += not _cleans_up(world)
    print("Every promise was kept." if not broken else f"{broken} promise(s) were broken.", flush=True)
    return 1 if broken else 0


def _keeps(name: str, world: World) -> bool:
    try:
        seen = CHECKS[name](world)
    except (Broken, ClusterError) as why:
        print(f"✗ {name}: {why}", flush=True)
        return False
    print(f"✓ {name}: {seen}", flush=True)
    return True


def _cleans_up(world: World) -> bool:
    try:
        clean_up(world)
    except Broken as why:
        print(f"✗ removal: {why}", flush=True)
        return False
    print("✓ removal: the stores that were made for this are gone.", flush=True)
    return True


def _world(options: argparse.Namespace) -> World:
    mark = secrets.token_hex(3)
    url = options.url.rstrip("/")
    if options.token:
        caller = Caller(url, _by_token(options.token))
        stranger = Caller(url, _by_token(options.other_token)) if options.other_token else None
    else:
        caller = Caller(url, _by_user(options.user or f"verify-{mark}"))
        stranger = Caller(url, _by_user(f"verify-stranger-{mark}"))
    names = [f"verify-{mark}-{number}" for number in range(1, AT_ONCE + 1)]
    return World(caller, stranger, Cluster(), options.metrics_token, names)


def _by_user(name: str) -> dict[str, str]:
    return {"X-User-Id": name}


def _by_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify",
        description="Makes five stores on a running platform and checks what it promises: identity, three at a time, "
        "drift, the finalizer and metrics. Takes them away at the end. Exit code 1 when a promise was broken, 2 when "
        "the platform can't be asked.",
    )
    given = os.environ.get
    parser.add_argument("--url", default=given("STOREPLANE_URL", "http://localhost:8000"), help="of the platform")
    parser.add_argument("--user", default="", help="name for X-User-Id, where that is believed (default: a new one)")
    parser.add_argument("--token", default=given("STOREPLANE_TOKEN", ""), help="bearer token (or STOREPLANE_TOKEN)")
    parser.add_argument(
        "--other-token", default=given("STOREPLANE_OTHER_TOKEN", ""), help="another person's (STOREPLANE_OTHER_TOKEN)"
    )
    parser.add_argument(
        "--metrics-token", default=given("STOREPLANE_METRICS_TOKEN", ""), help="if /metrics asks for one"
    )
    parser.add_argument("--kubeconfig", default="", help="of the cluster (default: KUBECONFIG)")
    parser.add_argument("--keep", action="store_true", help="leave the stores there")
    return parser


if __name__ == "__main__":
    sys.exit(main())
