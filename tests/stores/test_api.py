"""The REST API of stores, through Django's whole request cycle."""

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db


def as_user(name: str) -> APIClient:
    """A client of a proxy that vouches for the user."""
    return APIClient(headers={"X-User-Id": name})


def test_a_posted_store_can_be_read_back() -> None:
    ann = as_user("ann")
    made = ann.post("/stores", {"name": "tea-shop", "engine": "medusa", "display_name": "Tea"}, format="json")
    assert made.status_code == 201, made.content
    assert made["Location"] == "http://testserver/stores/tea-shop"
    read = ann.get("/stores/tea-shop")
    assert read.status_code == 200
    assert read.json()["phase"] == "Pending"
    assert ann.get("/stores").json()["results"][0]["name"] == "tea-shop"
    assert as_user("ben").get("/stores/tea-shop").status_code == 404
    gone = ann.delete("/stores/tea-shop")
    assert gone.status_code == 202, gone.content
    assert ann.get("/stores/tea-shop").json()["phase"] == "Deleting"
    logs = ann.get("/stores/tea-shop/logs").json()
    print(logs)
