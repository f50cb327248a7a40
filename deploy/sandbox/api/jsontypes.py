"""Names and copies of plain JSON, the only currency between the parts of the stand-in."""

import json
import marshal
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


def clone(value: T) -> T:
    """A deep copy of plain JSON, several times faster than ``copy.deepcopy``."""
    copied: T = marshal.loads(marshal.dumps(value))  # type: ignore[arg-type]  # noqa: S302 - our own bytes
    return copied


def encode(value: Any) -> bytes:
    """Compact JSON, as it is stored and sent."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def dig(value: Any, *path: str | int, default: Any = None) -> Any:
    """The value at a path of keys and indexes, or the default when any part is missing or null."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return default
    return default if value is None else value
