"""A line of JSON for each decision: who wanted what, whether it was allowed by which rule, and how it was answered."""

import json
from pathlib import Path
from typing import Any

from .attributes import Attributes
from .authorizer import Decision
from .identity import User


class Audit:
    """Writes each line out at once, so that a reader finds the last request too."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._file = path.open("a", buffering=1)

    def note(self, user: User | None, asked: Attributes, decision: Decision, code: int) -> None:
        """One decision and the code of the answer that it led to."""
        line: dict[str, Any] = {"user": user.name if user else "", "verb": asked.verb}
        if user and user.acting:
            line["impersonatedBy"] = user.acting
        if asked.path:
            line["path"] = asked.path
        else:
            line |= {"group": asked.group, "resource": asked.resource, "subresource": asked.subresource}
            line |= {"namespace": asked.namespace, "name": asked.name}
        line |= {"code": code, "allowed": decision.allowed}
        if decision.rule is not None:
            line["by"] = {"role": decision.role, "rule": decision.rule, "binding": decision.binding}
        elif decision.reason:
            line["reason"] = decision.reason
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()
