"""The part of JSONPath that definitions use for columns, scale and selectable fields."""

import re
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"""\.?(?:
        \[\?\(@\.(?P<filter>[\w.\-/]+)\s*==\s*(?P<quote>["'])(?P<wanted>.*?)(?P=quote)\)\]
      | \[(?P<all>\*)\]
      | \[(?P<index>-?\d+)\]
      | \[(?P<bracket>["'])(?P<quoted>.*?)(?P=bracket)\]
      | (?P<wild>\*)
      | (?P<name>(?:\\.|[^.\[\]\\])+)
    )""",
    re.VERBOSE,
)


@lru_cache(maxsize=512)
def steps_of(path: str) -> tuple[tuple[str, Any], ...]:
    """The steps of a path such as ``.status.conditions[?(@.type=="Ready")].status``; raises ValueError."""
    text, position, steps = path.strip().strip("{}"), 0, list[tuple[str, Any]]()
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None or match.end() == position:
            raise ValueError(f"{path!r} is no path that is understood here")
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> tuple[str, Any]:
    if match["filter"]:
        return "filter", (tuple(match["filter"].split(".")), match["wanted"])
    if match["all"] or match["wild"]:
        return "all", None
    if match["index"] is not None:
        return "index", int(match["index"])
    if match["quoted"] is not None:
        return "name", match["quoted"]
    return "name", match["name"].replace("\\.", ".")


def find(path: str, value: Any) -> list[Any]:
    """All values at a path."""
    found = [value]
    for kind, argument in steps_of(path):
        found = [item for current in found for item in _follow(kind, argument, current)]
    return found


def first(path: str, value: Any) -> Any:
    """The first value at a path, None when there is none."""
    return next(iter(find(path, value)), None)


def _follow(kind: str, argument: Any, value: Any) -> list[Any]:
    if kind == "name":
        return [value[argument]] if isinstance(value, dict) and argument in value else []
    if kind == "index":
        inside = isinstance(value, list) and -len(value) <= argument < len(value)
        return [value[argument]] if inside else []
    if kind == "all":
        return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(value, list) else []
    keys, wanted = argument
    return [item for item in value if _at(item, keys) == wanted] if isinstance(value, list) else []


def _at(value: Any, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return None if value is None else str(value)


def plain_path(path: str) -> tuple[str, ...]:
    """A path of nothing but field names, as scale and selectable fields have; raises ValueError otherwise."""
    steps = steps_of(path)
    if not steps or any(kind != "name" for kind, _ in steps):
        raise ValueError(f"{path!r} must be a path of field names")
    return tuple(name for _, name in steps)
