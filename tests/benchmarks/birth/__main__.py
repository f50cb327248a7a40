"""From `POST /stores` to `Ready`, beside the same manifests applied by hand: `python -m tests.benchmarks.birth`.

Both in one run, in turns, on one sandbox cluster. While a store is made by hand, the platform's processes are stopped.
"""

import argparse
from collections.abc import Sequence

from tests.benchmarks.launched import add_pods, launched


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(words)
    with launched(options.pods) as platform:
        # Only now: what it imports are models.
        from tests.benchmarks.birth.rounds import run

        print(f"{options.pods} pods; {run(platform, options.rounds)}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.birth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="births each way (10)")
    add_pods(parser)
    return parser


if __name__ == "__main__":
    main()
