"""`status`: every process with its memory and CPU. The keys of the JSON form are stable; new ones may be added."""

import os
import time
from typing import Any

import psutil

from sandbox.launcher import running
from sandbox.launcher.console import Console
from sandbox.launcher.home import Home, read_json

SAMPLE = 0.25  # seconds over which CPU use is measured
NOT_RUNNING = 3  # the exit code, as systemctl has it


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
        return {**head, "supervisor": None, "processes": [], "jobs": []}
    rows: list[dict[str, Any]] = state["processes"]
    supervisor = {"name": "supervisor", "state": "running", "pid": found.pid, "address": "", "restarts": 0}
    processes = _measured([{**supervisor, "started_at": state["started_at"]}, *(r for r in rows if not r["job"])])
    jobs = [{key: row[key] for key in ("name", "state", "exit_code")} for row in rows if row["job"]]
    return {**head, "supervisor": processes[0], "processes": processes[1:], "jobs": jobs}


def show(home: Home, console: Console) -> int:
    """The same as a table for people. Returns the exit code: 0 when a platform runs, else 3."""
    told = report(home)
    if told["supervisor"] is None:
        why = f" Its last start failed: {told['error']}" if told["error"] else ""
        console.line(f"Not running ({told['home']}).{why}")
        return NOT_RUNNING
    console.line(f"{told['phase'].capitalize()} at {told['urls']['dashboard']} ({told['home']})\n")
    table: list[tuple[str, ...]] = [("NAME", "STATE", "PID", "RSS", "PSS", "CPU", "RESTARTS", "UPTIME", "ADDRESS")]
    table += [_cells(row) for row in [told["supervisor"], *told["processes"]]]
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    for line in table:
        console.line("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    total = sum(row["pss_bytes"] or row["rss_bytes"] or 0 for row in [told["supervisor"], *told["processes"]])
    console.line(
        f"\n{_size(total)} in all (PSS shares out what processes have in common; a worker counts its children)."
    )
    return 0


def _measured(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    trees = [_tree(row["pid"]) if row["pid"] else [] for row in rows]
    before = [_cpu(tree) for tree in trees]
    time.sleep(SAMPLE)
    measured = []
    for row, tree, earlier in zip(rows, trees, before, strict=True):
        cpu = _cpu(tree)
        measured.append(
            {
                "name": row["name"],
                "state": row["state"],
                "pid": row["pid"],
                "address": row["address"],
                "rss_bytes": _sum(tree, "rss") if tree else None,
                "pss_bytes": _sum(tree, "pss") if tree else None,
                "cpu_percent": round(max(cpu - earlier, 0) / SAMPLE * 100, 1) if tree else None,
                "cpu_seconds": round(cpu, 2) if tree else None,
                "restarts": row["restarts"],
                "started_at": row["started_at"],
                "uptime_seconds": round(time.time() - row["started_at"], 1) if tree and row["started_at"] else None,
            }
        )
    return measured


def _tree(pid: int) -> list[psutil.Process]:
    """The process and the children that share its session: pods, which have their own, are not the sandbox's memory."""
    try:
        leader = psutil.Process(pid)
        session = _session(pid)
        return [leader, *(child for child in leader.children(recursive=True) if _session(child.pid) == session)]
    except psutil.Error:
        return []


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return -1


def _cpu(tree: list[psutil.Process]) -> float:
    total = 0.0
    for process in tree:
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def _sum(tree: list[psutil.Process], kind: str) -> int:
    total = 0
    for process in tree:
        try:
            total += getattr(process.memory_full_info() if kind == "pss" else process.memory_info(), kind)
        except (psutil.Error, OSError):
            continue
    return total


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    cpu = "-" if row["cpu_percent"] is None else f"{row['cpu_percent']:.1f} %"
    return (
        row["name"],
        row["state"],
        str(row["pid"] or "-"),
        _size(row["rss_bytes"]),
        _size(row["pss_bytes"]),
        cpu,
        str(row["restarts"]),
        _age(row["uptime_seconds"]),
        row["address"],
    )


def _size(count: int | None) -> str:
    return "-" if count is None else f"{count / 1024**2:.0f} MB"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, hours = seconds / 60, seconds / 3600
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if hours < 2 else f"{hours:.0f} h"  # noqa: PLR2004
