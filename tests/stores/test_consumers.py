"""`/stores/ws` through the whole ASGI application, with real Redis between the commit and the listener."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from django.db import connections
from django.test import Client

from config.asgi import application
from stores import consumers, snapshots
from stores.models import StoreEvent
from stores.publish import as_message, group
from tenants.models import Membership, Role, Tenant, User
from tests.people import as_user, tenant
from tests.sockets import SECONDS, Socket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]

PEER = ("127.0.0.1", 40000)


@pytest.fixture(autouse=True)
async def connections_of_threads_are_closed() -> AsyncIterator[None]:
    """The database can't be dropped while the thread that async code runs its queries on is connected."""
    yield
    await sync_to_async(connections.close_all)()


def socket(
    query: str = "", *, user: str = "", headers: dict[str, str] | None = None, peer: tuple[str, int] = PEER
) -> Socket:
    sent = {**({"X-User-Id": user} if user else {}), **(headers or {})}
    return Socket(application, f"/stores/ws{query}", sent, peer)


@asynccontextmanager
async def listening(query: str = "", **options: Any) -> AsyncIterator[Socket]:
    made = socket(query, **options)
    assert await made.connect() is None
    try:
        yield made
    finally:
        await made.disconnect()


async def until(listener: Socket, last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """All messages up to the first that `last` knows, that one included."""
    had = []
    while not had or not last(had[-1]):
        had.append(await listener.message())
    return had


def is_type(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message["type"] == name


def is_event(type_: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: message["type"] == "event" and message["event"]["type"] == type_


@sync_to_async
def post(user: str, name: str) -> None:
    assert as_user(user).post("/stores", {"name": name, "engine": "medusa"}).status_code == 201


@sync_to_async
def delete(user: str, name: str) -> None:
    assert as_user(user).delete(f"/stores/{name}").status_code == 202


@sync_to_async
def hello(user: str) -> User:
    as_user(user).get("/me")
    return User.objects.get(external_id=user)


@sync_to_async
def ids() -> list[int]:
    return list(StoreEvent.objects.order_by("id").values_list("id", flat=True))


async def test_an_event_comes_live_and_then_the_store_once_for_a_burst(monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()
    monkeypatch.setattr(snapshots, "_moment", over.wait)
    await hello("ann")
    async with listening(user="ann") as ann:
        greeting = await until(ann, is_type("replayed"))
        await post("ann", "tea-shop")
        await delete("ann", "tea-shop")
        had = await until(ann, is_event("DELETE_START"))
        over.set()
        had += await until(ann, is_type("store"))

    assert greeting == [{"type": "hello", "last_event_id": 0}, {"type": "replayed", "last_event_id": 0}]
    assert [message["event"]["type"] for message in had[:-1]] == ["STORE_REQUESTED", "DELETE_START"]
    assert set(had[0]["event"]) == {"id", "store", "type", "message", "phase", "step", "origin", "timestamp"}
    store = had[-1]["store"]
    assert (store["name"], store["phase"], store["tenant"]) == ("tea-shop", "Deleting", "ann")
    assert [step["name"] for step in store["pipeline"]]


async def test_a_change_during_a_reading_is_shown_by_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    has_read, go_on = asyncio.Event(), asyncio.Event()

    def slowly(read: Callable[..., Any]) -> Callable[..., Any]:
        async def reading(*key: Any) -> Any:
            body = await database_sync_to_async(read)(*key)
            has_read.set()
            await go_on.wait()
            return body

        return reading

    monkeypatch.setattr(snapshots, "database_sync_to_async", slowly)
    await hello("ann")
    async with listening(user="ann") as ann:
        await until(ann, is_type("replayed"))
        await post("ann", "tea-shop")
        await until(ann, is_event("STORE_REQUESTED"))
        await asyncio.wait_for(has_read.wait(), SECONDS)
        await delete("ann", "tea-shop")
        await until(ann, is_event("DELETE_START"))
        go_on.set()
        shown = [*(await until(ann, is_type("store"))), *(await until(ann, is_type("store")))]

    assert shown[-1]["store"]["phase"] == "Deleting"


async def test_since_replays_what_was_missed_before_anything_new() -> None:
    await post("ann", "one")
    await post("ann", "two")
    first, second = await ids()
    async with listening(f"?since={first}", user="ann") as ann:
        had = await until(ann, is_type("replayed"))

    assert had[0] == {"type": "hello", "last_event_id": second}
    assert had[-1] == {"type": "replayed", "last_event_id": second}
    assert [message["event"]["id"] for message in had[1:-1]] == [second]


async def test_a_since_that_the_log_has_not_come_to_keeps_nothing_back() -> None:
    await post("ann", "one")
    (first,) = await ids()
    async with listening(f"?since={first + 1000}", user="ann") as ann:
        had = await until(ann, is_type("replayed"))
        await post("ann", "two")
        heard = (await until(ann, is_type("event")))[-1]

    assert had == [{"type": name, "last_event_id": first} for name in ("hello", "replayed")]
    assert heard["event"]["store"] == "two"


async def test_without_since_nothing_old_comes() -> None:
    await post("ann", "one")
    async with listening(user="ann") as ann:
        had = await until(ann, is_type("replayed"))

    assert [message["type"] for message in had] == ["hello", "replayed"]


async def test_events_that_come_during_the_replay_come_once_and_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    await post("ann", "one")
    reading, may_go_on = asyncio.Event(), asyncio.Event()
    original = consumers.StoreEvents._catch_up

    async def held(self: consumers.StoreEvents) -> None:
        reading.set()
        await may_go_on.wait()
        await original(self)

    monkeypatch.setattr(consumers.StoreEvents, "_catch_up", held)
    async with listening("?since=0", user="ann") as ann:
        await asyncio.wait_for(reading.wait(), SECONDS)
        # Committed after the listener joined and before its replay is read: it comes by both ways.
        await post("ann", "two")
        may_go_on.set()
        had = await until(ann, is_type("replayed"))
        await post("ann", "three")
        had += await until(ann, is_event("STORE_REQUESTED"))

    assert [message["event"]["id"] for message in had if message["type"] == "event"] == await ids()


async def test_what_redis_swallowed_comes_with_the_next_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    await post("ann", "one")
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    async with listening(user="ann") as ann:
        await until(ann, is_type("replayed"))
        lost = await sync_to_async(_commit_unpublished)()
        had = await until(ann, lambda message: message == {"type": "ping", "last_event_id": lost})

    assert [message["event"]["id"] for message in had if message["type"] == "event"] == [lost]


def _commit_unpublished() -> int:
    old = StoreEvent.objects.get()
    lost = StoreEvent.objects.create(
        store_id=old.store_id, tenant_id=old.tenant_id, type="STORE_READY", phase="Ready", timestamp=old.timestamp
    )
    return lost.pk


async def test_a_doubled_message_of_the_channel_layer_is_dropped() -> None:
    await post("ann", "one")
    event = await sync_to_async(lambda: StoreEvent.objects.select_related("store").get())()
    async with listening("?since=0", user="ann") as ann:
        await until(ann, is_type("replayed"))
        from channels.layers import get_channel_layer

        for _ in range(3):
            message = {"type": "store.event", "tenant": event.tenant_id, "event": as_message(event)}
            await get_channel_layer().group_send(group(event.tenant_id), message)
        await post("ann", "two")
        had = await until(ann, is_event("STORE_REQUESTED"))

    assert [message["event"]["store"] for message in had if message["type"] == "event"] == ["two"]


async def test_nobody_hears_of_another_tenants_stores() -> None:
    await hello("ben")
    async with listening(user="ben") as ben:
        await until(ben, is_type("replayed"))
        await post("ann", "anns-shop")
        await post("ben", "bens-shop")
        had = await until(ben, is_type("store"))

    assert {message["event"]["store"] for message in had if message["type"] == "event"} == {"bens-shop"}


async def test_a_superuser_with_a_session_hears_all_tenants() -> None:
    cookie = await sync_to_async(_session_of_a_superuser)(Client())
    async with listening(headers={"Cookie": cookie, "Origin": "http://localhost:8000"}) as root:
        await until(root, is_type("replayed"))
        await post("ann", "anns-shop")
        had = await until(root, is_type("event"))

    assert had[-1]["event"]["store"] == "anns-shop"


def _session_of_a_superuser(client: Client) -> str:
    client.force_login(User.objects.create(username="root", is_superuser=True))
    return f"sessionid={client.cookies['sessionid'].value}"


async def test_a_new_membership_counts_and_a_lost_one_doesnt(monkeypatch: pytest.MonkeyPatch) -> None:
    user = await hello("ann")
    house = await sync_to_async(tenant)("house")
    await hello("ben")
    await sync_to_async(_join)(house, "ben")
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    async with listening(user="ann") as ann:
        await until(ann, is_type("replayed"))
        await sync_to_async(Membership.objects.create)(tenant=house, user=user, role=Role.VIEWER)
        await until(ann, is_type("ping"))
        await until(ann, is_type("ping"))
        await sync_to_async(_post_for)("ben", house, "house-shop")
        had = await until(ann, is_type("event"))

    assert had[-1]["event"]["store"] == "house-shop"


def _join(house: Tenant, name: str) -> None:
    Membership.objects.create(tenant=house, user=User.objects.get(external_id=name), role=Role.OWNER)


def _post_for(user: str, house: Tenant, name: str) -> None:
    wish = {"name": name, "engine": "medusa", "tenant": house.slug}
    assert as_user(user).post("/stores", wish).status_code == 201


async def test_who_logs_out_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    cookie = await sync_to_async(_session_of_a_superuser)(client)
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    async with listening(headers={"Cookie": cookie}) as root:
        await until(root, is_type("ping"))
        await sync_to_async(client.logout)()
        assert await closing_code(root) == consumers.UNAUTHENTICATED


async def test_who_was_given_another_password_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    cookie = await sync_to_async(_session_of_a_superuser)(Client())
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    async with listening(headers={"Cookie": cookie}) as root:
        await until(root, is_type("ping"))
        await sync_to_async(_new_password)("root")
        assert await closing_code(root) == consumers.UNAUTHENTICATED


def _new_password(username: str) -> None:
    user = User.objects.get(username=username)
    user.set_password("Gr4ce-h0pper")
    user.save()


async def closing_code(listener: Socket) -> int:
    while (message := await listener.receive_output(SECONDS))["type"] != "websocket.close":
        pass
    return int(message["code"])


async def test_a_user_who_is_switched_off_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    user = await hello("ann")
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    async with listening(user="ann") as ann:
        await until(ann, is_type("replayed"))
        user.is_active = False
        await user.asave()
        assert await closing_code(ann) == consumers.UNAUTHENTICATED


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({}, 4401),
        ({"user": "bad id!"}, 4401),
        ({"user": "ann", "peer": ("10.1.2.3", 40000)}, 4401),
        ({"user": "ann", "headers": {"Origin": "http://evil.example"}}, 4403),
        ({"user": "ann", "headers": {"Origin": "null"}}, 4403),
        ({"user": "ann", "query": "?since=x"}, 4400),
        ({"user": "ann", "query": "?since=-1"}, 4400),
        ({"user": "ann", "query": "?since=99999999999999999999"}, 4400),
    ],
)
async def test_who_may_not_listen_is_turned_down(options: dict[str, Any], code: int) -> None:
    refused = socket(**options)

    assert await refused.connect() == code
    assert not await User.objects.filter(external_id="bad id!").aexists()


async def test_a_refusal_is_a_problem_document_where_the_server_can_send_one() -> None:
    refused = socket()
    refused.scope["extensions"] = {"websocket.http.response": {}}
    await refused.send_input({"type": "websocket.connect"})

    start, body = await refused.receive_output(SECONDS), await refused.receive_output(SECONDS)

    assert start["status"] == 401
    document = json.loads(body["body"])
    assert (document["type"], document["instance"]) == ("urn:storeplane:problem:not-authenticated", "/stores/ws")
    assert (b"x-request-id", document["request_id"].encode()) in start["headers"]
    await refused.wait()


async def test_a_listener_that_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "QUEUE_LENGTH", 3)
    await hello("ann")
    stuck, opened = asyncio.Event(), asyncio.Event()
    original = consumers.StoreEvents.send
    closed: list[int] = []

    async def never(self: consumers.StoreEvents, **message: Any) -> None:
        opened.set()
        await stuck.wait()
        await original(self, **message)

    async def close(_self: consumers.StoreEvents, code: int, reason: str | None = None) -> None:
        closed.append(code)
        stuck.set()

    monkeypatch.setattr(consumers.StoreEvents, "send", never)
    monkeypatch.setattr(consumers.StoreEvents, "close", close)
    async with listening(user="ann"):
        await asyncio.wait_for(opened.wait(), SECONDS)
        for number in range(6):
            await post("ann", f"shop-{number}")
        await asyncio.wait_for(stuck.wait(), SECONDS)

    assert closed[0] == consumers.TOO_SLOW


async def test_a_token_listens_to_its_tenant_until_it_is_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 0.2)
    await sync_to_async(as_user("ann").get)("/me")
    made = await sync_to_async(as_user("ann").post)("/tokens", {"name": "ci", "role": "viewer"})
    headers = {"Authorization": f"Bearer {made.json()['token']}"}

    async with listening(headers=headers, peer=("198.51.100.7", 1)) as listener:
        await until(listener, is_type("replayed"))
        await sync_to_async(as_user("ann").post)("/stores", {"name": "tea-shop", "engine": "woocommerce"})
        assert (await until(listener, is_type("event")))[-1]["event"]["store"] == "tea-shop"
        await sync_to_async(as_user("ann").delete)(f"/tokens/{made.json()['id']}")
        closed = await listener.receive_output(SECONDS)
        while closed["type"] == "websocket.send":
            closed = await listener.receive_output(SECONDS)

    assert (closed["type"], closed["code"]) == ("websocket.close", consumers.UNAUTHENTICATED)


async def test_a_token_that_is_none_is_refused_at_the_door() -> None:
    assert await socket(headers={"Authorization": "Bearer spt_nothing"}).connect() == 4401


@pytest.fixture
def no_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in time then came without one."""
    monkeypatch.setattr(consumers, "HEARTBEAT_SECONDS", 3600.0)


@pytest.mark.usefixtures("no_heartbeat")
async def test_who_is_put_out_hears_nothing_more_from_that_moment() -> None:
    house = await sync_to_async(tenant)("house")
    for name in ("ann", "ben"):
        await hello(name)
        await sync_to_async(_join)(house, name)
    async with listening(user="ben") as ben:
        await until(ben, is_type("replayed"))
        await sync_to_async(_put_out)("ann", "ben")
        await until(ben, is_type("ping"))
        await sync_to_async(_post_for)("ann", house, "house-shop")
        await post("ben", "bens-shop")
        had = await until(ben, is_type("event"))

    assert [message["event"]["store"] for message in had if message["type"] == "event"] == ["bens-shop"]


def _put_out(owner: str, who: str) -> None:
    row = Membership.objects.get(tenant__slug="house", user__external_id=who)
    assert as_user(owner).delete(f"/tenants/house/members/{row.pk}").status_code == 204


@pytest.mark.usefixtures("no_heartbeat")
async def test_who_is_taken_in_hears_at_once() -> None:
    house = await sync_to_async(tenant)("house")
    for name in ("ann", "ben"):
        await hello(name)
    await sync_to_async(_join)(house, "ann")
    async with listening(user="ben") as ben:
        await until(ben, is_type("replayed"))
        made = await sync_to_async(as_user("ann").post)("/tenants/house/members", {"user": "ben", "role": "viewer"})
        assert made.status_code == 201
        await until(ben, is_type("ping"))
        await sync_to_async(_post_for)("ann", house, "house-shop")
        had = await until(ben, is_type("event"))

    assert had[-1]["event"]["store"] == "house-shop"


@pytest.mark.usefixtures("no_heartbeat")
async def test_a_revoked_token_is_sent_away_at_once() -> None:
    await hello("ann")
    made = (await sync_to_async(as_user("ann").post)("/tokens", {"name": "ci", "role": "viewer"})).json()
    async with listening(headers={"Authorization": f"Bearer {made['token']}"}) as listener:
        await until(listener, is_type("replayed"))
        await sync_to_async(as_user("ann").delete)(f"/tokens/{made['id']}")
        assert await closing_code(listener) == consumers.UNAUTHENTICATED


@pytest.mark.usefixtures("no_heartbeat")
async def test_a_user_whom_the_operator_switches_off_is_sent_away_at_once() -> None:
    user = await hello("ann")
    async with listening(user="ann") as ann:
        await until(ann, is_type("replayed"))
        await sync_to_async(_switch_off)(user)
        assert await closing_code(ann) == consumers.UNAUTHENTICATED


def _switch_off(user: User) -> None:
    client = Client()
    client.force_login(User.objects.create(username="root", is_superuser=True, is_staff=True))
    page = f"/admin/tenants/user/{user.pk}/change/"
    form = client.get(page).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value not in (None, False, [])}
    rows = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    assert client.post(page, {**sent, **rows, "is_active": ""}).status_code == 302


async def test_a_listener_that_takes_nothing_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "QUEUE_LENGTH", 8)
    house = await sync_to_async(tenant)("house")
    for name in ("ann", "ben"):
        await hello(name)
        await sync_to_async(_join)(house, name)
    original = consumers.StoreEvents.send

    async def stuck_for_ann(self: consumers.StoreEvents, **message: Any) -> None:
        if self.scope["user"].external_id == "ann":
            await asyncio.Event().wait()
        await original(self, **message)

    monkeypatch.setattr(consumers.StoreEvents, "send", stuck_for_ann)
    async with listening(user="ann") as ann, listening(user="ben") as ben:
        await until(ben, is_type("replayed"))
        had = []
        for number in range(5):
            await sync_to_async(_post_for)("ben", house, f"shop-{number}")
            had += await until(ben, is_type("store"))
        assert await closing_code(ann) == consumers.TOO_SLOW

    assert [message["event"]["store"] for message in had if message["type"] == "event"] == [
        f"shop-{number}" for number in range(5)
    ]
