"""`status`: every process with its memory and CPU. The keys of the JSON form are stable; new ones may be added."""

import time
from typing import Any

from sandbox.launcher import running
from sandbox.launcher.console import Console
from sandbox.launcher.home import Home, read_json
from sandbox.launcher.measure import Pod, measure, split_pods, tree_of

NOT_RUNNING = 3  # the exit code, as systemctl has it
_LONG_MINUTES, _LONG_HOURS = 120, 7200  # seconds from which an age is told in minutes, in hours


def report(home: Home) -> dict[str, Any]:
    """What `status --json` prints. Sizes in bytes, times in seconds, `started_at` in seconds since 1970."""
    found = running.find(home)
    state = found.state if found else read_json(home.state_file)
    phase = found.phase if found else ("failed" if state.get("phase") == "failed" else "stopped")
    head = {
        "home": str(home.root),
        "phase": phase,
        "error": (state.get("error") or {}).get("sentence"),
        "urls": state.get("urls") if found else None,
        "kubeconfig": state.get("kubeconfig") if found else None,
        "options": state.get("options"),
    }
    if found is None:
        return {**head, "supervisor": None, "processes": [], "pods": [], "jobs": []}
    rows: list[dict[str, Any]] = state["processes"]
    jobs = [{key: row[key] for key in ("name", "state", "exit_code")} for row in rows if row["job"]]
    supervisor = {
        "name": "supervisor",
        "state": "running",
        "pid": found.pid,
        "address": "",
        "restarts": 0,
        "started_at": state["started_at"],
    }
    return {**head, **_measured(supervisor, [row for row in rows if not row["job"]]), "jobs": jobs}


def show(home: Home, console: Console) -> int:
    """The same as a table for people. Returns the exit code: 0 when a platform runs, else 3."""
    told = report(home)
    if told["supervisor"] is None:
        why = f" Its last start failed: {told['error']}" if told["error"] else ""
        console.line(f"Not running ({told['home']}).{why}")
        return NOT_RUNNING
    console.line(f"{told['phase'].capitalize()} at {told['urls']['dashboard']} ({told['home']})\n")
    rows = [told["supervisor"], *told["processes"], *told["pods"]]
    table: list[tuple[str, ...]] = [("NAME", "STATE", "PID", "RSS", "PSS", "CPU", "RESTARTS", "UPTIME", "ADDRESS")]
    table += [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        console.line("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    total = sum(row["pss_bytes"] or 0 for row in rows)
    console.line(f"\n{_size(total)} in all (PSS shares out what processes have in common; each row has its children).")
    return 0


def _measured(supervisor: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows with their use; what the sandbox runs for a store is the store's row, not the sandbox's."""
    trees = [tree_of(row["pid"]) for row in rows]
    own = tree_of(supervisor["pid"])[:1]
    pods: list[Pod] = []
    for place, row in enumerate(rows):
        if row["name"] == "sandbox":
            trees[place], pods = split_pods(trees[place])
    used = measure([own, *trees, *(pod.tree for pod in pods)])
    return {
        "supervisor": _row(supervisor, used[0]),
        "processes": [_row(row, use) for row, use in zip(rows, used[1:], strict=False)],
        "pods": [
            {"namespace": pod.namespace, "name": pod.name, "pid": pod.tree[0].pid, **use}
            for pod, use in zip(pods, used[1 + len(rows) :], strict=True)
        ],
    }


def _row(row: dict[str, Any], use: dict[str, Any]) -> dict[str, Any]:
    alive = row["pid"] is not None and row["started_at"] is not None
    return {
        **{key: row[key] for key in ("name", "state", "pid", "address", "restarts", "started_at")},
        "uptime_seconds": round(time.time() - row["started_at"], 1) if alive else None,
        **use,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    name = f"{row['namespace']}/{row['name']}" if "namespace" in row else row["name"]
    cpu = "-" if row["cpu_percent"] is None else f"{row['cpu_percent']:.1f} %"
    return (
        name,
        row.get("state", "running"),
        str(row["pid"] or "-"),
        _size(row["rss_bytes"]),
        _size(row["pss_bytes"]),
        cpu,
        str(row.get("restarts", "-")),
        _age(row.get("uptime_seconds")),
        row.get("address", ""),
    )


def _size(count: int | None) -> str:
    return "-" if count is None else f"{count / 1024**2:.0f} MB"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if seconds < _LONG_MINUTES:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < _LONG_HOURS else f"{seconds / 3600:.0f} h"
