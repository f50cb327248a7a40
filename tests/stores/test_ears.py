"""One subscription for a group, however many listen in this process."""

from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from stores import ears

pytestmark = [pytest.mark.usefixtures("redis_server"), pytest.mark.asyncio]


class Heard:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def hear(self, _message: dict[str, Any], text: str) -> None:
        self.texts.append(text)


class Deaf(Heard):
    """Breaks on everything."""

    def hear(self, message: dict[str, Any], text: str) -> None:
        raise ValueError(text)


def subscriptions(group: str) -> int:
    client = redis.Redis.from_url(settings.REDIS_STREAMS_URL)
    (_, count), *_ = client.pubsub_numsub(f"asgi__group__{group}")
    return int(count)


async def heard_by(listener: Heard, number: int) -> list[str]:
    while len(listener.texts) < number:
        await sync_to_async(lambda: None)()
    return listener.texts


async def test_three_listeners_share_one_subscription_and_one_text() -> None:
    three = [Heard() for _ in range(3)]
    for listener in three:
        await ears.join("tea", listener)
    await get_channel_layer().group_send("tea", {"type": "store.event", "event": {"id": 7}})

    texts = [(await heard_by(listener, 1))[0] for listener in three]

    assert texts == ['{"type": "event", "event": {"id": 7}}'] * 3
    assert texts[0] is texts[1] is texts[2]
    assert await sync_to_async(subscriptions)("tea") == 1


async def test_the_last_to_leave_ends_the_subscription() -> None:
    one, other = Heard(), Heard()
    await ears.join("tea", one)
    await ears.join("tea", other)

    ears.leave("tea", one)
    assert await sync_to_async(subscriptions)("tea") == 1
    ears.leave("tea", other)
    while await sync_to_async(subscriptions)("tea"):
        pass


async def test_who_comes_back_at_once_hears_again() -> None:
    listener = Heard()
    await ears.join("tea", listener)
    ears.leave("tea", listener)
    await ears.join("tea", listener)
    await get_channel_layer().group_send("tea", {"type": "store.event", "event": {"id": 8}})

    assert await heard_by(listener, 1) == ['{"type": "event", "event": {"id": 8}}']


async def test_a_listener_that_breaks_keeps_nothing_from_the_others() -> None:
    deaf, listener = Deaf(), Heard()
    await ears.join("tea", deaf)
    await ears.join("tea", listener)
    for number in (1, 2):
        await get_channel_layer().group_send("tea", {"type": "store.event", "event": {"id": number}})

    assert len(await heard_by(listener, 2)) == 2
