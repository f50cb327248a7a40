"""Three at a time, whatever is asked for at once."""

import threading
from collections.abc import Callable

from tests.e2e.front_door import FrontDoor, until


def test_of_five_stores_at_once_never_more_than_three_are_provisioned(
    door: FrontDoor, new_name: Callable[[], str]
) -> None:
    names = [new_name() for _ in range(5)]
    seen: list[dict[str, str]] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            seen.append(door.phases())
            stop.wait(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for name in names:
            door.create(name)
        _places_are_shown(door, names)
        until(lambda: all(door.phases().get(name) == "Ready" for name in names), "all five to be Ready")
    finally:
        stop.set()
        watcher.join()

    provisioning = [sum(phases.get(name) == "Provisioning" for name in names) for phases in seen]
    assert max(provisioning) == 3
    waiting = [sum(phases.get(name) == "Pending" for name in names) for phases in seen]
    assert max(waiting) >= 2


def _places_are_shown(door: FrontDoor, names: list[str]) -> None:
    """Once three are in, the two others know their places."""

    def places() -> list[int] | None:
        stores = [door.store(name) for name in names]
        found = sorted(store["queue_position"] for store in stores if store["phase"] == "Pending")
        return found if len(found) <= 2 else None

    assert until(places, "the queue to settle") in ([1, 2], [1], [])
