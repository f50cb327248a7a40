"""What a rule may say that keeps differences from being drift: pure, so that API, admin and kubectl judge alike."""

import re
from collections.abc import Mapping

FIELDS = ("kind", "name", "pointer", "manager")
MAX_RULES = 100
"""Of one store: each is compared with each difference, and all of them stand in the resource."""

KIND = "^[A-Z][A-Za-z0-9]{0,62}$"
NAME = r"^([-a-z0-9.:*?]|\[!?[-a-z0-9.:]+\])+$"
POINTER = "^(/([^~/]|~[01])*)+$"
MANAGER = "^[!-~]([ -~]*[!-~])?$"
LENGTHS = {"kind": 63, "name": 253, "pointer": 512, "manager": 128}

_PATTERNS = {"kind": KIND, "name": NAME, "pointer": POINTER, "manager": MANAGER}
_SENTENCES = {
    "kind": "'{}' is no kind; write it as manifests do, for instance Deployment.",
    "name": "'{}' is no pattern of a name; use lower-case letters, digits, '-', '.', '*', '?' and '[abc]'.",
    "pointer": "'{}' is no JSON pointer (RFC 6901); begin it with '/', and write '~1' for '/' and '~0' for '~'.",
    "manager": "'{}' is no field manager; use printable ASCII characters.",
}


def problems_with(rule: Mapping[str, str]) -> dict[str, str]:
    """Field → a sentence for each value that can't be used; nothing for a sane rule. What is missing is empty."""
    given = {field: rule.get(field, "") for field in FIELDS}
    if not any(given.values()):
        return {"kind": "Set at least one of kind, name, pointer and manager; an empty rule would ignore everything."}
    problems = {field: _problem_with(field, value) for field, value in given.items() if value}
    return {field: problem for field, problem in problems.items() if problem}


def _problem_with(field: str, value: str) -> str:
    if len(value) > LENGTHS[field]:
        return f"Use at most {LENGTHS[field]} characters."
    if not re.fullmatch(_PATTERNS[field], value, re.DOTALL) or not value.isprintable():
        return _SENTENCES[field].format(value)
    return ""


def as_text(rule: Mapping[str, str]) -> str:
    """For logs and lists: `Deployment web-* /spec/replicas by autoscaler`."""
    manager = f"by {rule['manager']}" if rule.get("manager") else ""
    parts = (rule.get("kind", ""), rule.get("name", ""), rule.get("pointer", ""), manager)
    return " ".join(part for part in parts if part)
