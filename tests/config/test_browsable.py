"""The browsable API's pages: forms that know the present values, buttons, and nothing that a strict policy refuses."""

import re

import pytest
from django.test import Client

from config.browsable import Button, buttons
from stores.models import Store
from tenants.models import User
from tests.people import WISH, as_user

pytestmark = pytest.mark.django_db

VERDICTS = {"retry": {"allowed": False, "reason": "Not now."}, "reconcile": {"allowed": True, "reason": None}}
LINKS = {"logs": "/logs", "retry": "/retry", "reconcile": "/reconcile"}


@pytest.fixture
def root() -> Client:
    as_user("ann").post("/stores", {**WISH, "display_name": "Fine Tea"})
    client = Client(headers={"Accept": "text/html"})
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            {"links": LINKS, "allowed_actions": VERDICTS},
            [Button("Retry", "/retry", "Not now."), Button("Reconcile now", "/reconcile", None)],
        ),
        ({"links": LINKS}, []),
        ({"results": []}, []),
        ([], []),
        (None, []),
        ({"type": "urn:storeplane:problem:conflict", "links": LINKS, "allowed_actions": VERDICTS}, []),
    ],
)
def test_a_stores_actions_become_buttons(data: object, expected: list[Button]) -> None:
    assert buttons(data) == expected


def test_the_form_of_patch_knows_the_present_values(root: Client) -> None:
    Store.objects.update(deletion_protection=True, plan="medium")
    page = root.get("/stores/tea-shop").content.decode()

    form = page[page.index('data-method="PATCH"') :]
    assert re.search(r'name="display_name"[^>]*value="Fine Tea"', form)
    assert re.search(r'<option value="medium"\s+selected', form)
    assert re.search(r'name="deletion_protection" value="true" checked', form)
    assert re.search(r'name="suspended" value="true">', form)


def test_an_action_without_a_body_has_a_button_and_no_form(root: Client) -> None:
    page = root.get("/stores/tea-shop/retry").content.decode()

    assert 'action="/stores/tea-shop/retry"' in page
    assert "data-override" not in page
    assert 'name="explanation"' not in page


@pytest.mark.parametrize("path", ["/stores", "/stores/tea-shop", "/stores/tea-shop/logs", "/audit", "/api-auth/login/"])
def test_no_page_has_a_script_or_a_style_in_its_text(root: Client, path: str) -> None:
    page = root.get(path).content.decode()

    assert re.findall(r"<[^>]+\s(on[a-z]+|style)=", page) == []
    assert "<style" not in page
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []
    assert "javascript:" not in page


@pytest.mark.parametrize("body", ["{", "[]", '"x"', "null"])
def test_a_body_that_cant_be_read_is_answered_with_a_page(root: Client, body: str) -> None:
    for method, path in (("post", "/stores"), ("patch", "/stores/tea-shop")):
        answer = getattr(root, method)(path, body, content_type="application/json")
        assert answer.status_code == 400
        assert "<title>" in answer.content.decode()
