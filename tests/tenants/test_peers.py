"""Whose word counts about who the user is, and where a caller comes from."""

import pytest
from django.test import override_settings

from tenants.identity import header_is_believed
from tenants.peers import client_address, is_trusted_proxy


@pytest.mark.parametrize(
    ("listed", "peer", "forwarded", "trusted"),
    [
        (["10.0.0.0/8"], "10.1.2.3", "", True),
        (["10.0.0.0/8"], "10.1.2.3", "203.0.113.7", True),
        (["10.0.0.0/8"], "11.1.2.3", "", False),
        (["10.0.0.5"], "10.0.0.5", "", True),
        (["fd00::/8"], "fd00::1", "", True),
        ([], "127.0.0.1", "", False),
        (["127.0.0.1/32"], "", "", False),
        (["127.0.0.1/32"], "localhost", "", False),
        # uvicorn may have taken the address from the header: then anyone could have written it there.
        (["10.0.0.0/8"], "10.0.0.5", "10.0.0.5", False),
        (["10.0.0.0/8"], "10.0.0.5", "203.0.113.7, 10.0.0.5:4711", False),
        (["fd00::/8"], "fd00::1", "[fd00::1]:80", False),
        (["127.0.0.1/32"], "127.0.0.1", "127.0.0.1", True),
    ],
)
def test_a_peer_is_trusted_as_the_list_says(listed: list[str], peer: str, forwarded: str, trusted: bool) -> None:
    with override_settings(STOREPLANE_TRUSTED_PROXIES=listed):
        assert is_trusted_proxy(peer, forwarded) is trusted


def test_no_peer_is_believed_while_the_setting_is_off() -> None:
    with override_settings(STOREPLANE_TRUST_USER_HEADER=False, STOREPLANE_TRUSTED_PROXIES=["127.0.0.1/32"]):
        assert not header_is_believed("127.0.0.1", "")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "1.1.1.1", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "nonsense", None),
        ("10.0.0.1", "", "10.0.0.1"),
        ("", "", None),
    ],
)
def test_the_callers_address_is_the_last_that_is_no_proxy(peer: str, forwarded: str, address: str | None) -> None:
    with override_settings(STOREPLANE_TRUSTED_PROXIES=["10.0.0.0/8"]):
        assert client_address(peer, forwarded) == address
