"""The child process of one Helm action: a request as JSON on stdin, the answer as JSON on stdout.

The only module that imports Helm's library. It runs as a file of its own, never inside a worker: the library hangs
after a fork, and a call whose server has stopped answering can only be ended by killing the process.

Request: `{action, release, namespace, chart, values, options}`. Answer: `{"result": …}` or `{"error": …, "code": …}`.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

# Client-side throttling of the Go client: its default of 5 requests a second would slow a chart of 15 objects.
_QPS, _BURST = 100.0, 200


def act(request: dict[str, Any]) -> Any:
    """Does what is asked; raises helm_python.HelmError."""
    import helm_python

    if request["action"] == "template":
        return _template(helm_python, request)
    with helm_python.Config(namespace=request["namespace"], qps=_QPS, burst_limit=_BURST) as config:
        return _change(helm_python, config, request)


def _change(helm: Any, config: Any, request: dict[str, Any]) -> Any:
    """Calls the C interface itself: the Python wrapper does not pass on `server_side_apply` and `force_conflicts`."""
    native, none = helm._native, helm._native.HANDLE(0)
    options = json.dumps(request["options"])
    name, action = request["release"], request["action"]
    if action in {"install", "upgrade"}:
        values = json.dumps(request["values"])
        arguments = (config._raw(), none, none, request["chart"], name, values, options)
        native.call_string(f"helm_{action}", *arguments)
    elif action == "rollback":
        native.call_status("helm_rollback", config._raw(), name, options)
    elif action == "uninstall":
        native.call_string("helm_uninstall", config._raw(), name, options)
    else:
        raise ValueError(f"unknown action {action!r}")
    return None


def _template(helm: Any, request: dict[str, Any]) -> str:
    with helm.Chart.load(request["chart"]) as chart:
        chart.validate_schema(request["values"])
        names = {"name": request["release"], "namespace": request["namespace"]}
        rendered = chart.render(request["values"], **request["options"], **names)
    documents = [text for path, text in sorted(rendered.items()) if path.endswith((".yaml", ".yml"))]
    return "\n---\n".join(documents)


def main() -> None:
    """Reads one request, writes one answer."""
    # Whatever the library prints must not end in the answer.
    answer_to = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    request = json.load(sys.stdin)
    import helm_python

    try:
        answer: dict[str, Any] = {"result": act(request)}
    except helm_python.HelmError as error:
        code = helm_python.ErrorCode(error.code).name if error.code is not None else ""
        answer = {"error": str(error), "code": code}
    with answer_to:
        json.dump(answer, answer_to)


if __name__ == "__main__":
    main()
