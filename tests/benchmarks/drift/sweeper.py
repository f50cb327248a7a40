"""The process that sweeps, as a worker does: `sweep`, `judge` and `heal` on stdin, one line of JSON for each.

`sweep` runs the task itself, with its lock and its messages; nobody receives these. `judge` and `heal` then carry in
this process what a worker of the queue would: each suspect's judgement, and each heal that follows.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import django

django.setup()

# Only now: what these import are models.
from django.db import connection  # noqa: E402

from provisioner.cluster import Cluster, cluster  # noqa: E402
from provisioner.drift import judging, sweeping, tasks  # noqa: E402
from provisioner.operations.models import Operation, OperationKind, OperationState  # noqa: E402
from provisioner.pipelines.runner import run_link  # noqa: E402
from provisioner.pipelines.steps import ACTIONS  # noqa: E402
from tests.benchmarks.drift.usage import usage  # noqa: E402

_found: sweeping.Suspects = {}


def sweep() -> int:
    """The number of suspect stores."""
    _found.clear()
    original = sweeping.suspects

    def remembered(cluster: Cluster) -> sweeping.Suspects:
        _found.update(original(cluster))
        return _found

    with patch.object(sweeping, "suspects", remembered):
        tasks.sweep_drift()
    return len(_found)


def judge() -> int:
    """The number of stores judged."""
    for store, objects in _found.items():
        judging.judge(cluster(), store, None if objects is None else sorted(objects))
    return len(_found)


def heal() -> int:
    """The number of stores healed."""
    begun = Operation.objects.filter(kind=OperationKind.HEAL, state=OperationState.RUNNING)
    return sum(run_link(each.pk, "heal", ACTIONS[OperationKind.HEAL]) for each in list(begun))


WORDS: dict[str, Callable[[], int]] = {"sweep": sweep, "judge": judge, "heal": heal}


def measured(work: Callable[[], int]) -> dict[str, Any]:
    """What the work cost this process, and the statements that it sent to PostgreSQL."""
    statements: Counter[str] = Counter()

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements[sql.split(maxsplit=1)[0].strip("(")] += 1
        return execute(sql, params, many, context)

    before = usage()
    with connection.execute_wrapper(count):
        result = work()
    spent = usage().since(before)
    with connection.cursor() as cursor:
        # PostgreSQL tells of rows written about once a second, if it isn't asked to do so now.
        cursor.execute("SELECT pg_stat_force_next_flush()")
    return {"result": result, "statements": statements, **spent}


def main() -> None:
    """Connect, so that what a worker does once isn't counted, and do as told."""
    cluster().version()
    connection.ensure_connection()
    print("{}", flush=True)
    for line in sys.stdin:
        print(json.dumps(measured(WORDS[line.strip()])), flush=True)


if __name__ == "__main__":
    main()
