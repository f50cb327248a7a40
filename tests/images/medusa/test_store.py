"""Medusa itself, started by start.mjs on a prepared database."""

import os
import re
import shutil
import time
from collections.abc import Callable

import httpx
import pytest

from build_steps.database import Server, temporary_server
from tests import journey
from tests.images.medusa.conftest import PGBIN
from tests.images.medusa.store import Store

# The first test may have to build the image.
pytestmark = pytest.mark.timeout(900)
STOP_SECONDS = 10  # the grace that the chart gives


def test_a_shoppers_order_is_in_the_admin(running_store: Store) -> None:
    order = journey.place_order(running_store.url, running_store.key, running_store.email, running_store.password)

    assert order["status"] == "pending"
    assert order["currency_code"] == "eur"
    assert order["email"] == "ada@example.com"
    assert order["total"] > 0
    assert [item["quantity"] for item in order["items"]] == [2]


def test_every_product_has_a_price_in_both_regions_and_a_picture_of_ours(running_store: Store) -> None:
    regions = running_store.get("/store/regions", x_publishable_api_key=running_store.key).json()["regions"]
    assert {region["currency_code"] for region in regions} == {"eur", "usd"}
    for region in regions:
        path = f"/store/products?region_id={region['id']}&fields=*variants.calculated_price,%2Bthumbnail"
        products = running_store.get(path, x_publishable_api_key=running_store.key).json()["products"]
        assert len(products) == 8
        for product in products:
            assert all(variant["calculated_price"]["calculated_amount"] > 0 for variant in product["variants"])
            picture = running_store.get(product["thumbnail"])
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/svg+xml")


def test_a_key_of_one_store_opens_no_other(running_store: Store, new_store: Callable[..., Store]) -> None:
    other = new_store()
    other.prepare()

    answer = running_store.get("/store/products", x_publishable_api_key=other.key)

    assert answer.status_code == 400
    assert running_store.get("/store/products", x_publishable_api_key=running_store.key).status_code == 200


def test_the_admin_logs_in_with_a_cookie_over_plain_http(running_store: Store) -> None:
    with httpx.Client(base_url=running_store.url, trust_env=False) as browser:
        assert '<div id="medusa"' in browser.get("/app/").text
        credentials = {"email": running_store.email, "password": running_store.password}
        token = browser.post("/auth/user/emailpass", json=credentials).json()["token"]
        session = browser.post("/auth/session", headers={"authorization": f"Bearer {token}"})
        assert session.status_code == 200
        assert browser.get("/admin/users/me").json()["user"]["email"] == running_store.email


def test_a_wrong_password_is_refused(running_store: Store) -> None:
    with pytest.raises(journey.JourneyError, match="401"):
        journey.admin_token(running_store.url, running_store.email, "wrong")


def test_only_the_shops_own_origin_may_read_across_origins(running_store: Store) -> None:
    def allowed(origin: str) -> str | None:
        answer = running_store.get("/store/products", x_publishable_api_key=running_store.key, origin=origin)
        header: str | None = answer.headers.get("access-control-allow-origin")
        return header

    assert allowed(running_store.shop_url) == running_store.shop_url
    assert allowed("http://evil.example") != "http://evil.example"


def test_the_log_is_short_and_tells_no_secret(running_store: Store) -> None:
    printed = running_store.printed()

    assert "serving on" in printed
    assert not [secret for secret in running_store.secrets if secret in printed]
    assert len(printed.splitlines()) < 40


def test_sigterm_stops_a_serving_store_at_once(store: Store) -> None:
    store.prepare()
    store.start()
    process = store.process
    assert process is not None
    begun = time.monotonic()

    process.terminate()

    assert process.wait(timeout=30) == 0
    assert time.monotonic() - begun < STOP_SECONDS


def test_sigterm_stops_a_starting_store_at_once(store: Store) -> None:
    store.prepare()
    process = store.begin_start()
    # The line comes after the signal handlers are set and before Medusa is loaded.
    while "starting" not in store.printed():
        time.sleep(0.01)
    begun = time.monotonic()

    process.terminate()

    process.wait(timeout=30)
    assert time.monotonic() - begun < STOP_SECONDS


def test_ready_follows_the_database(new_store: Callable[..., Store]) -> None:
    with temporary_server(PGBIN) as server:
        store = new_store(server)
        store.prepare()
        store.start()
        assert store.ready() == 200
    answer = store.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert store.get("/health").status_code == 200
    store.kill()


def test_a_merchant_who_revokes_the_shops_key_keeps_the_admin_in_which_to_undo_it(
    new_store: Callable[..., Store],
) -> None:
    store = new_store()
    store.prepare()
    store.sql("UPDATE api_key SET revoked_at = now(), revoked_by = 'the merchant' WHERE type = 'publishable'")

    store.start()

    assert store.get("/ready").json() == {"ready": True, "closed": "the Store API answered 400"}
    assert journey.admin_token(store.url, store.email, store.password)
    store.kill()


def test_a_lost_database_that_comes_back_is_used_again(running_store: Store, postgres: Server) -> None:
    name = running_store.database
    postgres.client("psql", "-qc", f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    ending = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608
    postgres.client("psql", "-qc", ending)
    assert running_store.ready() == 503

    postgres.client("psql", "-qc", f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    deadline = time.monotonic() + 90
    while running_store.ready() != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_most_of_medusa_comes_from_the_code_cache(running_store: Store) -> None:
    # Recorded by the Node that built the image; another one starts without it.
    assert re.search(r", 5\d\d\d modules from the code cache", running_store.printed())


def test_an_image_that_was_moved_starts_without_its_code_cache(store: Store) -> None:
    moved = store.image.parent / ".medusa-moved-by-a-test"
    shutil.rmtree(moved, ignore_errors=True)
    shutil.copytree(store.image, moved, copy_function=os.link)
    store.image = moved
    try:
        store.prepare()
        store.start()
        assert ", 0 modules from the code cache" in store.printed()
    finally:
        store.kill()
        shutil.rmtree(moved)
