"""Images, commands, paths, environments and quantities, without a process."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.node.addresses import NoAddressError, PodAddresses, claim_block
from sandbox.node.environment import service_variables
from sandbox.node.images import Image, ImageError, ImageTable, repository_of
from sandbox.node.quantity import divided, parse
from sandbox.node.translate import PathMap, UnknownProgramError, command_words, expand_references, local_argv

Obj = dict[str, Any]
IMAGE = Image(
    ("a",), entrypoint=("run", "it"), cmd=("--now",), programs={"run": ("/here/run", "-x"), "sh": ("/bin/sh",)}
)
PATHS = PathMap({"/data": "/state/v1", "/data/deep": "/state/v2"}, {"/app": "/repo/app", "/data/deep/er": "/never"})


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("postgres:16", "postgres"),
        ("storeplane/medusa", "storeplane/medusa"),
        ("localhost:5000/a/b:1", "localhost:5000/a/b"),
        ("ghcr.io/a/b:1@sha256:00", "ghcr.io/a/b"),
    ],
)
def test_a_reference_has_a_repository(reference: str, repository: str) -> None:
    assert repository_of(reference) == repository


@pytest.mark.parametrize(
    ("reference", "known"),
    [
        ("postgres:16", True),
        ("docker.io/library/postgres", True),
        ("registry.example:5000/postgres:16", True),
        ("somebody/postgres", False),
        ("postgresql", False),
    ],
)
def test_an_image_is_found_with_or_without_its_registry(tmp_path: Path, reference: str, known: bool) -> None:
    (tmp_path / "sandbox.toml").write_text('image = "postgres"')
    assert (ImageTable([tmp_path], {}).find(reference) is not None) == known


@pytest.mark.parametrize(
    "text", ["image = ", 'cmd = ["a"]', 'image = "x"\nworkdir = "{what}"', 'image="x"\nstopsignal="X"']
)
def test_a_broken_table_is_told_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox.toml").write_text(text)
    with pytest.raises(ImageError, match=str(tmp_path / "sandbox.toml")):
        ImageTable([tmp_path], {})


@pytest.mark.parametrize(
    ("container", "words"),
    [
        ({}, ["run", "it", "--now"]),
        ({"args": ["--later"]}, ["run", "it", "--later"]),
        ({"command": ["sh"]}, ["sh"]),
        ({"command": ["sh"], "args": ["-c"]}, ["sh", "-c"]),
    ],
)
def test_command_replaces_entrypoint_and_args_replace_cmd(container: Obj, words: list[str]) -> None:
    assert command_words(IMAGE, container) == words


def test_programs_come_from_the_table_or_from_the_image_and_from_nowhere_else() -> None:
    assert local_argv(IMAGE, ["run", "/app/x"], PATHS, {}) == ["/here/run", "-x", "/repo/app/x"]
    assert local_argv(IMAGE, ["/bin/sh", "-c", "/app"], PATHS, {}) == ["/bin/sh", "-c", "/repo/app"]
    assert local_argv(IMAGE, ["/app/bin/tool"], PATHS, {}) == ["/repo/app/bin/tool"]
    for words in (["bash"], ["/usr/bin/env"], []):
        with pytest.raises(UnknownProgramError):
            local_argv(IMAGE, words, PATHS, {})


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("/data", "/state/v1"),
        ("/data/x", "/state/v1/x"),
        ("/database", "/database"),
        ("/data/deep/er", "/state/v2/er"),
        ("--dir=/app/x", "--dir=/repo/app/x"),
        ("/app/bin:/data/bin:/usr/bin", "/repo/app/bin:/state/v1/bin:/usr/bin"),
        ("http://app/x", "http://app/x"),
        ("A=/app", "A=/app"),
    ],
)
def test_paths_are_translated_by_the_longest_prefix_and_mounts_win(word: str, expected: str) -> None:
    assert PATHS.text(word) == expected


def test_references_expand_as_in_kubernetes() -> None:
    assert expand_references("$(A)$$(A)$(B)$A", {"A": "1"}) == "1$(A)$(B)$A"


def test_service_variables_are_dockers() -> None:
    ports = [{"port": 5432, "protocol": "TCP"}, {"port": 53, "protocol": "UDP", "name": "name-s"}]
    service = {"metadata": {"name": "my-db"}, "spec": {"clusterIP": "127.1.1.1", "ports": ports}}
    headless = {"metadata": {"name": "none"}, "spec": {"clusterIP": "None", "ports": ports}}
    found = service_variables([service, headless])
    assert found["MY_DB_SERVICE_HOST"] == "127.1.1.1"
    assert found["MY_DB_SERVICE_PORT_NAME_S"] == "53"
    assert found["MY_DB_PORT_53_UDP"] == "udp://127.1.1.1:53"
    assert not any(name.startswith("NONE") for name in found)


@pytest.mark.parametrize(
    ("text", "number"), [("500m", "0.5"), ("1Gi", str(2**30)), ("2", "2"), ("1e3", "1000"), ("3k", "3000")]
)
def test_quantities(text: str, number: str) -> None:
    assert parse(text) == Decimal(number)


def test_a_quantity_is_divided_and_rounded_up() -> None:
    assert divided("1500m", "1") == 2
    assert divided("200Mi", "1Mi") == 200


def test_pods_keep_their_addresses_and_free_ones_are_not_reused_at_once() -> None:
    addresses = PodAddresses(77)
    first = addresses.take("a")
    assert first == addresses.take("a") == "127.77.1.1"
    addresses.free("a")
    assert addresses.take("b") == "127.77.1.2"
    assert addresses.take("c", "127.77.9.9") == "127.77.9.9"
    assert addresses.take("d", "127.77.9.9") == "127.77.1.3"
    assert addresses.take("e", "127.78.1.1") == "127.77.1.4"


def test_two_sandboxes_have_two_blocks_and_a_state_keeps_its_own(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    first = claim_block(one)
    second = claim_block(two)
    assert first.number != second.number
    first.close()
    again = claim_block(one)
    assert again.number == first.number
    again.close()
    second.close()


def test_a_full_block_says_so() -> None:
    addresses = PodAddresses(77)
    for number in range(127 * 254):
        addresses.take(str(number))
    with pytest.raises(NoAddressError):
        addresses.take("one more")
