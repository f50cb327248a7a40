"""Which static files may be kept by browsers for ever."""

import re

# Vite writes `index-BpX3kQ1c.js`, with eight characters of a hash before the ending; Django `base.0f3a9c1d2e4b.css`.
_HASHED = re.compile(r"^/assets/.*-[A-Za-z0-9_-]{8}\.[a-z0-9]+$|^/static/.*\.[0-9a-f]{12}\.[a-z0-9.]+$")


def is_hashed(_path: str, url: str) -> bool:
    """Whether the file's name changes with its content (the test that whitenoise asks for)."""
    return bool(_HASHED.match(url))
