"""Reads the table, fills in its placeholders, and compares answers with what is expected."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).parent / "table"


def load() -> list[Any]:
    """All cases of all files, as (id, case)."""
    found = []
    for file in sorted(TABLE.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text()):
            found.append((f"{file.stem}: {case['case']}", case))
    return found


def filled(value: Any, names: dict[str, Any]) -> Any:
    """A value with {placeholders} replaced; a text that is nothing but one keeps the type of what it stands for."""
    if isinstance(value, dict):
        return {filled(key, names): filled(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"<(\w+)>", value)
    if whole and whole[1] in names:
        return names[whole[1]]
    return re.sub(r"<(\w+)>", lambda match: str(names.get(match[1], match[0])), value)


def at(value: Any, path: str) -> Any:
    """The value at a path of keys and indexes, separated by blanks; None where there is nothing."""
    for part in path.split():
        if isinstance(value, list):
            index = int(part)
            value = value[index] if -len(value) <= index < len(value) else None
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def differences(wanted: Any, actual: Any, path: str = "") -> list[str]:  # noqa: PLR0911 - one return for each form
    """Where an answer is not as expected.

    Objects may have more fields than named; null means "not there". Lists must have the same length.
    `*` is anything, a text that begins with ~ is a regular expression.
    """
    if wanted is None:
        return [] if actual is None else [f"{path}: should not be there, is {json.dumps(actual)}"]
    if wanted == "*":
        return [] if actual is not None else [f"{path}: is missing"]
    if isinstance(wanted, dict):
        if not isinstance(actual, dict):
            return [f"{path}: expected an object, got {json.dumps(actual)}"]
        return [text for key, item in wanted.items() for text in differences(item, actual.get(key), f"{path} {key}")]
    if isinstance(wanted, list):
        if not isinstance(actual, list) or len(actual) != len(wanted):
            return [f"{path}: expected {len(wanted)} items, got {json.dumps(actual)}"]
        pairs = enumerate(zip(wanted, actual, strict=True))
        return [text for index, (one, other) in pairs for text in differences(one, other, f"{path} {index}")]
    if isinstance(wanted, str) and wanted.startswith("~"):
        fits = isinstance(actual, str) and re.search(wanted[1:], actual)
        return [] if fits else [f"{path}: {json.dumps(actual)} does not match {wanted[1:]}"]
    same = wanted == actual and isinstance(wanted, bool) is isinstance(actual, bool)
    return [] if same else [f"{path}: expected {json.dumps(wanted)}, got {json.dumps(actual)}"]
