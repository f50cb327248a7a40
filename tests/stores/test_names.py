"""What a store may be called."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.names import RESERVED, problem_with


@pytest.mark.parametrize("name", ["abc", "tea-shop", "a1b", "a" * 40, "shop-2", "x--y"])
def test_dns_labels_of_3_to_40_characters_may_be_used(name: str) -> None:
    assert problem_with(name) is None


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "has 0 characters"),
        ("ab", "has 2 characters"),
        ("a" * 41, "has 41 characters"),
        ("Tea", "not a DNS label"),
        ("tea_shop", "not a DNS label"),
        ("1tea", "not a DNS label"),
        ("-tea", "not a DNS label"),
        ("tea-", "not a DNS label"),
        ("tea.shop", "not a DNS label"),
        ("tea\n", "not a DNS label"),
        ("käse", "not a DNS label"),
        ("admin", "is reserved"),
    ],
)
def test_other_names_are_told_why_not(name: str, why: str) -> None:
    assert why in (problem_with(name) or "")


@pytest.mark.parametrize("name", ["ws", "api", "admin", "www", "dashboard"])
def test_the_platforms_own_words_are_reserved(name: str) -> None:
    assert name in RESERVED


@pytest.mark.parametrize("name", ["console", "platform"])
def test_a_name_whose_shop_would_be_at_the_platforms_own_address_is_reserved(settings: Any, name: str) -> None:
    settings.STOREPLANE_DOMAIN = "shops.example.com"
    settings.ALLOWED_HOSTS = ["localhost", "Console.shops.example.com"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://platform.shops.example.com:8443"]

    assert "is reserved" in (problem_with(name) or "")
    assert problem_with(f"{name}-2") is None


@given(st.from_regex(r"[a-z]([-a-z0-9]{1,38}[a-z0-9])", fullmatch=True))
def test_a_good_name_makes_a_good_host_and_namespace(name: str) -> None:
    if problem_with(name) is None:
        assert len(f"store-{name}") <= 63
        assert name == name.lower().strip("-")
