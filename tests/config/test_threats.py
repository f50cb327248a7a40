"""docs/threats.md points at proofs: each of them is there."""

import re

import pytest

from tests.services import ROOT

PAGE = (ROOT / "docs" / "threats.md").read_text()
NAMED = sorted(set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", PAGE)) - {"tests/config/", "docs/"})
BARE = sorted(set(re.findall(r"`((?:test_)?[\w-]+\.(?:py|mjs|yml|yaml))`", PAGE)))


@pytest.mark.parametrize("path", NAMED)
def test_what_is_named_as_a_proof_is_there(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", BARE)
def test_a_name_without_its_folder_was_named_with_it_or_lies_beside_one_that_was(name: str) -> None:
    folders = {(ROOT / path).parent for path in NAMED}

    assert any((folder / name).exists() for folder in folders)
