"""The README's commands for a platform that runs, as a newcomer types them."""

import re
import secrets
import subprocess

import pytest

from tests.e2e.front_door import ROOT, FrontDoor, objects

NAMES = ("my-shop", "third")


@pytest.mark.usefixtures("needs_launcher")
def test_a_newcomer_makes_two_shops_and_takes_them_away(door: FrontDoor) -> None:
    made = {name: f"e2e-{secrets.token_hex(3)}" for name in NAMES}
    newcomer = FrontDoor(door.url, "demo")

    done = subprocess.run(
        ["bash", "-e", "-c", commands(door, made)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    for name in made.values():
        newcomer.call("DELETE", f"/stores/{name}")  # for commands that failed half way
        newcomer.wait_until_gone(name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"store.storeplane.dev/{name} condition met" in done.stdout for name in made.values())
    assert not {each["metadata"]["name"] for each in objects("stores.storeplane.dev")} & set(made.values())


def commands(door: FrontDoor, made: dict[str, str]) -> str:
    """The block after the two commands, for this platform and with names that nobody else has."""
    _, block, *_ = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    text = str(block).replace("http://localhost:8000", door.url)
    for known, name in made.items():
        assert known in text
        text = re.sub(rf"\b{known}\b", name, text)
    return text
