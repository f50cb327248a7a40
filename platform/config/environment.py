"""Where settings come from: variables, or files that variables with `_FILE` behind their names point to.

The second is how Docker and others hand secrets over: `STOREPLANE_SECRET_KEY_FILE=/run/secrets/key`. A file goes before
a variable of the same name, and a newline at its end, which editors like to leave, isn't part of it.
"""

from typing import Any

import environ  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping  # type: ignore[import-untyped]


class _Files(FileAwareMapping):  # type: ignore[misc]
    def __getitem__(self, key: str) -> Any:
        try:
            value = super().__getitem__(key)
        except OSError as error:
            raise ImproperlyConfigured(
                f"{key}_FILE names '{self.env[f'{key}_FILE']}', which can't be read ({error.strerror}); "
                "name another file, or take the variable away."
            ) from None
        return value.rstrip("\r\n") if f"{key}_FILE" in self.env else value


class Environment(environ.Env):  # type: ignore[misc]
    """As django-environ's own, with files."""

    ENVIRON = _Files()
