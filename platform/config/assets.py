"""Which static files may be kept by browsers for ever."""

import re

# Vite writes `index-BpX3kQ1c.js`: eight characters of a hash before the ending.
_HASHED = re.compile(r"^/(assets|static)/.*[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")


def is_hashed(_path: str, url: str) -> bool:
    """Whether the file's name changes with its content (the test that whitenoise asks for)."""
    return bool(_HASHED.match(url))
