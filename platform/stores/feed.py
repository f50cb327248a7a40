"""Which events a listener has had, so that nothing is missing and nothing comes twice.

Event ids grow in the order of commits (`stores.changes`), so a reading of "all after N" is complete up to its highest
id. What comes live may be ahead of that, late or lost; a reading now and then mends it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]


@dataclass
class Feed:
    """Everything up to `confirmed` was read from the log; `ahead` are ids beyond it that came live."""

    confirmed: int
    ahead: set[int] = field(default_factory=set)

    def take_live(self, event_id: int) -> bool:
        """Whether a live event is new to the listener."""
        if event_id <= self.confirmed or event_id in self.ahead:
            return False
        self.ahead.add(event_id)
        return True

    def take_read(self, events: Iterable[Message]) -> list[Message]:
        """Of events read from the log in ascending order, those that the listener lacks."""
        fresh = []
        for event in events:
            if event["id"] > self.confirmed:
                if event["id"] not in self.ahead:
                    fresh.append(event)
                self.confirmed = event["id"]
        self.ahead = {event_id for event_id in self.ahead if event_id > self.confirmed}
        return fresh
