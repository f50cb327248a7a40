"""`down`: stop the platform of a home, and with `--wipe` remove the home."""

from sandbox.launcher import pids, running
from sandbox.launcher.console import Console
from sandbox.launcher.home import Home
from sandbox.launcher.options import remembered_cluster
from sandbox.launcher.services import remove_socket_folder
from sandbox.launcher.supervisor import HomeLock


def down(home: Home, console: Console, *, wipe: bool) -> int:
    """Idempotent. Raises LauncherError when the folder isn't a home, or the supervisor doesn't go."""
    found = running.find(home)
    if found is not None:
        with console.step(f"Stopping the platform at {found.options.dashboard_url}"):
            running.stop(home, found)
    elif home.is_ours and not HomeLock(home.lock_file).is_taken and pids.end_strays(home.run):
        console.line("Ended what a killed supervisor had left.")
    elif not wipe:
        console.line(f"Nothing runs in {home.root}.")
    if wipe:
        existed, cluster = home.root.exists(), remembered_cluster(home)
        home.wipe()
        remove_socket_folder(home.root)
        console.line(f"Removed {home.root}." if existed else f"There is nothing in {home.root}.")
        if cluster is not None:
            console.line(
                f"Its stores in the cluster of {cluster} stay there: the admin of the next platform on that cluster "
                "lists them as orphans and removes them; so would `kubectl delete stores --all` before `down`."
            )
        console.line("Kept for the next start, shared by all homes of this checkout: .venv, .build, node_modules.")
    return 0
