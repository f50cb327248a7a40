"""prepare.mjs against a real PostgreSQL server."""

import secrets
from collections.abc import Callable

import pytest

from tests.images.medusa.store import Store, free_port

# The first test may have to build the image.
pytestmark = pytest.mark.timeout(900)


def test_an_empty_database_becomes_this_stores_own(store: Store) -> None:
    output = store.prepare()

    assert "restored the prepared database" in output
    assert "claimed: name, publishable key, admin login" in output
    assert [row["name"] for row in store.rows("store")] == ["My Shop"]
    [key] = store.rows("api_key")
    assert (key["token"], key["redacted"], key["salt"]) == (store.key, f"{store.key[:6]}***{store.key[-3:]}", "")
    [user], [identity], [login] = (store.rows(table) for table in ['"user"', "auth_identity", "provider_identity"])
    assert user["email"] == login["entity_id"] == store.email
    assert identity["app_metadata"] == {"user_id": user["id"]}
    assert login["auth_identity_id"] == identity["id"]


def test_a_second_run_changes_nothing(store: Store) -> None:
    store.prepare()
    tables = ["store", "api_key", '"user"', "provider_identity", "storeplane.state"]
    before = [store.rows(table) for table in tables]

    output = store.prepare()

    assert "already claimed, nothing to change" in output
    assert [store.rows(table) for table in tables] == before


def test_what_a_person_changed_is_kept(store: Store) -> None:
    store.prepare()
    store.sql("UPDATE store SET name = 'Renamed in the admin'")
    store.sql("""UPDATE provider_identity SET provider_metadata = '{"password": "changed by a person"}'""")

    store.prepare(ADMIN_PASSWORD=secrets.token_hex(8))

    assert store.rows("store")[0]["name"] == "Renamed in the admin"
    assert [row["provider_metadata"] for row in store.rows("provider_identity")] == [
        {"password": "changed by a person"}
    ]


def test_a_rename_and_a_new_key_from_the_platform_arrive(store: Store) -> None:
    store.prepare()
    key = f"pk_{secrets.token_hex(32)}"

    output = store.prepare(STORE_NAME="A better name", PUBLISHABLE_KEY=key)

    assert "claimed: name, publishable key" in output
    assert store.rows("store")[0]["name"] == "A better name"
    assert [row["token"] for row in store.rows("api_key")] == [key]


def test_two_at_once_are_harmless(store: Store) -> None:
    children = [store.begin_prepare() for _ in range(2)]
    outputs = [child.communicate(timeout=120)[0] for child in children]

    assert [child.returncode for child in children] == [0, 0], outputs
    assert sum("restored the prepared database" in output for output in outputs) == 1
    assert sum("already claimed" in output for output in outputs) == 1
    assert len(store.rows('"user"')) == len(store.rows("store")) == 1


def test_stores_from_one_dump_share_no_key_and_no_password_hash(new_store: Callable[..., Store]) -> None:
    first, second = new_store(), new_store()
    first.prepare()
    second.prepare(ADMIN_PASSWORD=first.password)

    tokens = {store.rows("api_key")[0]["token"] for store in (first, second)}
    hashes = {store.rows("provider_identity")[0]["provider_metadata"]["password"] for store in (first, second)}
    assert len(tokens) == len(hashes) == 2


def test_a_database_of_someone_else_is_refused_and_left_alone(store: Store) -> None:
    store.sql("CREATE TABLE somebody (elses int)")

    output = store.prepare(code=1)

    assert "the database has 1 tables that this image did not make" in output
    assert store.sql("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'storeplane')") == "1"


def test_a_failed_restore_leaves_the_database_empty(store: Store) -> None:
    # A type of the dump exists already: the restore fails in the middle.
    store.sql("CREATE TYPE order_claim_type_enum AS ENUM ('in the way')")

    output = store.prepare(code=1)

    assert "already exists" in output
    assert store.sql("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'storeplane')") == "0"


def test_an_absent_server_is_waited_for_and_then_named(store: Store) -> None:
    port = free_port()

    output = store.prepare(code=1, DATABASE_PORT=str(port), DATABASE_WAIT_SECONDS="1")

    assert f"waiting for the database at 127.0.0.1:{port} (ECONNREFUSED)" in output
    assert f"no database at 127.0.0.1:{port} after 1 s" in output


def test_a_wrong_password_is_said_at_once(store: Store) -> None:
    output = store.prepare(code=1, DATABASE_PASSWORD="wrong")

    assert "the database does not accept DATABASE_PASSWORD" in output


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PUBLISHABLE_KEY", "pk_short", "PUBLISHABLE_KEY must be pk_ and 64 hexadecimal digits"),
        ("ADMIN_EMAIL", "nobody", "ADMIN_EMAIL is not an e-mail address"),
        ("STORE_NAME", "", "STORE_NAME is not set"),
        ("ADMIN_PASSWORD", "", "ADMIN_PASSWORD is not set"),
    ],
)
def test_a_bad_setting_is_named_and_its_value_is_not_told(store: Store, name: str, value: str, sentence: str) -> None:
    output = store.prepare(code=1, **{name: value})

    assert sentence in output
    assert not value or value not in output
