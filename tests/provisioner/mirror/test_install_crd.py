"""When the cluster serves the definition of `Store`."""

from typing import Any

import pytest

from provisioner.management.commands.install_crd import _is_established


@pytest.mark.parametrize("definition", [None, {}, {"status": {}}, {"status": {"conditions": None}}])
def test_a_definition_of_which_nothing_is_said_yet_is_waited_for(definition: dict[str, Any] | None) -> None:
    assert not _is_established(definition)


@pytest.mark.parametrize("status", ["True", "False"])
def test_it_is_served_once_it_is_established(status: str) -> None:
    conditions = [{"type": "NamesAccepted", "status": "True"}, {"type": "Established", "status": status}]
    assert _is_established({"status": {"conditions": conditions}}) is (status == "True")
