"""The two programs that can act: Helm's library in a Python child, and the real `helm` program."""

from __future__ import annotations

import json
import math
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from provisioner.helm.actions import Action
from provisioner.helm.errors import HelmError, HelmFailed, sorted_error
from provisioner.helm.process import Finished, run

HISTORY = 10
"""Revisions kept for each release; Helm never drops the last one that was deployed."""

_CHILD = Path(__file__).with_name("child.py")
_VERSION_DEADLINE = 10.0
_SERVER_SIDE_SINCE = 4


class HelmChild:
    """Helm's library (`helm-python-sdk`), loaded anew in one Python process for each action.

    The process is called `helm`: the owner of the fields it applies is the base name of argv[0], and another name
    at a later upgrade would conflict with every object.
    """

    def run(self, action: Action) -> str:
        """See `Runner.run`."""
        request = {
            "action": action.verb,
            "release": action.release,
            "namespace": action.namespace,
            "chart": str(action.chart),
            "values": dict(action.values),
            "options": child_options(action),
        }
        argv = [str(Path(sys.executable).with_name("helm")), "-I", str(_CHILD)]
        finished = run(sys.executable, argv, stdin=json.dumps(request).encode(), deadline=action.deadline)
        return _child_answer(action, finished)


class HelmProgram:
    """The `helm` program, 3.17 or later."""

    def __init__(self, path: str) -> None:
        self._path = path

    def run(self, action: Action) -> str:
        """See `Runner.run`."""
        argv = ["helm", *program_arguments(action, server_side=self._major >= _SERVER_SIDE_SINCE)]
        stdin = json.dumps(dict(action.values)).encode()
        finished = run(self._path, argv, stdin=stdin, deadline=action.deadline)
        if finished.returncode:
            raise sorted_error(action.verb, action.release, _last_words(finished))
        return finished.stdout.decode()

    @cached_property
    def _major(self) -> int:
        argv = ["helm", "version", "--template", "{{.Version}}"]
        finished = run(self._path, argv, stdin=b"", deadline=_VERSION_DEADLINE)
        major = finished.stdout.decode().strip().removeprefix("v").partition(".")[0]
        if not major.isdigit():
            raise HelmFailed(f"{self._path} does not say which version of Helm it is: {_last_words(finished)}")
        return int(major)


def child_options(action: Action) -> dict[str, Any]:
    """The library's options for an action; it refuses any that it doesn't know."""
    if action.verb == "template":
        return {"is_install": not action.as_upgrade, "is_upgrade": action.as_upgrade}
    options: dict[str, Any] = {"timeout_seconds": math.ceil(action.deadline)}
    if action.verb in {"install", "upgrade"}:
        options |= {"force_conflicts": True, "labels": dict(action.labels), "description": action.description}
        # The API server checks each object strictly when it is applied; reading its OpenAPI first costs 0.1 to 0.2 s.
        options |= {"disable_openapi_validation": True}
    if action.verb == "install":
        options |= {"server_side_apply": True}
    elif action.verb in {"upgrade", "rollback"}:
        options |= {"server_side_apply": "true", "max_history": HISTORY}
    if action.verb == "rollback":
        options |= {"force_conflicts": True, "version": action.revision}
    return options


def program_arguments(action: Action, *, server_side: bool) -> list[str]:
    """The program's arguments; values come by stdin. Server-side apply is a choice from Helm 4 on."""
    arguments: list[str] = [action.verb, action.release]
    if action.verb == "rollback" and action.revision:
        arguments.append(str(action.revision))
    if action.verb in {"install", "upgrade", "template"}:
        arguments += [str(action.chart), "--values", "-"]
    arguments += ["--namespace", action.namespace]
    if action.verb == "template":
        return [*arguments, "--is-upgrade"] if action.as_upgrade else arguments
    arguments += ["--timeout", f"{math.ceil(action.deadline)}s"]
    if action.verb in {"install", "upgrade"}:
        arguments += ["--description", action.description] if action.description else []
        labels = ",".join(f"{name}={value}" for name, value in action.labels.items())
        arguments += ["--labels", labels] if labels else []
    if action.verb in {"upgrade", "rollback"}:
        arguments += ["--history-max", str(HISTORY)]
    if server_side and action.verb != "uninstall":
        arguments += ["--server-side=true", "--force-conflicts"]
    if server_side and action.verb in {"install", "upgrade"}:
        arguments += ["--disable-openapi-validation"]
    return arguments


def _child_answer(action: Action, finished: Finished) -> str:
    try:
        answer = json.loads(finished.stdout)
    except ValueError:
        raise _crashed(action, finished) from None
    if "error" in answer:
        raise sorted_error(action.verb, action.release, answer["error"], answer["code"])
    return answer["result"] or ""


def _crashed(action: Action, finished: Finished) -> HelmError:
    words = _last_words(finished)
    return HelmFailed(f'Helm died in {action.verb} of release "{action.release}" ({finished.returncode}): {words}')


def _last_words(finished: Finished) -> str:
    """The last line of stderr: the error, after warnings and log lines."""
    lines = [line for line in finished.stderr.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1][:500] if lines else "it wrote nothing"
