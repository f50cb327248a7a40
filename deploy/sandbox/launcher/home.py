"""The folder that holds everything one platform keeps: data, logs, secrets, state of the running processes."""

import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.launcher.errors import LauncherError

CHECKOUT = Path(__file__).resolve().parents[3]
MARKER = ".storeplane-home"


@dataclass(frozen=True)
class Home:
    """Paths inside one home. Nothing is created before `create()`."""

    root: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """`$STOREPLANE_HOME`, or `.storeplane/` in the checkout."""
        return cls(Path(os.environ.get("STOREPLANE_HOME") or CHECKOUT / ".storeplane").expanduser().resolve())

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def state_file(self) -> Path:
        return self.run / "state.json"

    @property
    def lock_file(self) -> Path:
        return self.run / "lock"

    @property
    def kubeconfig(self) -> Path:
        """The person's: may do everything in the sandbox."""
        return self.root / "kubeconfig"

    @property
    def platform_kubeconfig(self) -> Path:
        """The platform's own account in the sandbox."""
        return self.root / "platform.kubeconfig"

    @property
    def is_ours(self) -> bool:
        return (self.root / MARKER).is_file()

    def create(self) -> None:
        """Make the folders, readable by their owner alone. Raises LauncherError for a folder that isn't a home."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if not self.is_ours and any(self.root.iterdir()):
                raise LauncherError(
                    f"{self.root} is not empty and was not made by Storeplane; name another folder in STOREPLANE_HOME."
                )
            # An outer 0711 lets PostgreSQL through to its own folder where root runs it under another uid.
            self.root.chmod(0o711)
            (self.root / MARKER).touch()
            for folder in (self.run, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise LauncherError(f"Could not make the folder {self.root}: {error.strerror}.") from error

    def secrets(self) -> dict[str, str]:
        """The Django secret key and the admin's password, made at the first call and never again."""
        path = self.root / "secrets.json"
        if not path.exists():
            write_json(path, {"secret_key": secrets.token_urlsafe(48), "admin_password": secrets.token_urlsafe(12)})
        values: dict[str, str] = json.loads(path.read_text())
        return values

    def wipe(self) -> None:
        """Remove the whole folder. Raises LauncherError when the marker is missing: then it isn't ours to remove."""
        if not self.root.exists():
            return
        if not self.is_ours:
            raise LauncherError(f"{self.root} was not made by Storeplane (no {MARKER} in it), so it is not removed.")
        # The marker goes last: a wipe that was interrupted can be repeated.
        for entry in self.root.iterdir():
            if entry.name != MARKER:
                shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        shutil.rmtree(self.root)


def write_json(path: Path, value: Any) -> None:
    """Write a file (mode 0600) so that a reader sees the old or the new content, never half of one."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(value, file, indent=2)
    unfinished.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The content of a JSON file, or an empty dict when it is missing or broken."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
