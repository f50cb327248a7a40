"""Bad input gets a clear answer, and nothing half-made stays."""

from collections.abc import Callable

import pytest

from tests.e2e.front_door import FrontDoor

CASES = [
    ({"name": "x", "engine": "medusa"}, 400, "name"),
    ({"name": "Shop One", "engine": "medusa"}, 400, "name"),
    ({"name": "admin", "engine": "medusa"}, 400, "name"),
    ({"name": "fine-name", "engine": "shopware"}, 400, "engine"),
    ({"engine": "medusa"}, 400, "name"),
    ({}, 400, "name"),
]


@pytest.mark.parametrize(("body", "status", "field"), CASES)
def test_a_bad_request_is_refused_with_a_sentence(door: FrontDoor, body: dict, status: int, field: str) -> None:  # type: ignore[type-arg]
    before = door.phases()

    answer = door.call("POST", "/stores", body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert field in {error["field"] for error in problem["errors"]}
    assert "Traceback" not in answer.text
    assert door.phases() == before


def test_a_taken_name_is_refused_and_somebody_elses_store_is_not_there(
    door: FrontDoor, new_name: Callable[[], str]
) -> None:
    name = new_name()
    door.create(name, engine="woocommerce")
    stranger = FrontDoor(door.url, user=f"{door.user}-stranger")

    assert stranger.call("POST", "/stores", {"name": name, "engine": "woocommerce"}).status_code == 409
    assert stranger.call("GET", f"/stores/{name}").status_code == 404
    assert stranger.call("DELETE", f"/stores/{name}").status_code == 404
    assert door.store(name)["phase"] == "ComingSoon"
