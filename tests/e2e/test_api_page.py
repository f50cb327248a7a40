"""The page for API users is true: its examples are run as they stand, and print what they say."""

import re
import secrets
import shutil
import subprocess
from dataclasses import dataclass

import pytest

from tests.e2e.front_door import ROOT, FrontDoor

PAGE = ROOT / "docs" / "api.md"
ANY = "…"
MARK = "--- next ---"


@dataclass(frozen=True)
class Example:
    """A command of the page, and what it says that it prints (nothing said, nothing checked)."""

    command: str
    output: str


def examples_of(text: str) -> list[Example]:
    """All commands of the page's console blocks, in their order."""
    found: list[Example] = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            found.append(Example(command, output.strip()))
    return found


def matches(said: str, printed: str) -> bool:
    """Whether the text is as it was said, `…` standing for anything."""
    pattern = ".*".join(re.escape(piece) for piece in said.split(ANY))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_examples_print_what_the_page_says(door: FrontDoor) -> None:
    name = f"e2e-{secrets.token_hex(3)}"
    text = PAGE.read_text().replace("API=http://localhost:8000", f"API={door.url}")
    examples = examples_of(text.replace("tea-shop", name).replace("X-User-Id: ann", f"X-User-Id: {door.user}"))
    assert len(examples) >= 20

    script = "\n".join(f"{example.command}\necho '\n{MARK}'" for example in examples)
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=900, check=False)

    printed = done.stdout.split(MARK)[:-1]
    assert len(printed) == len(examples), done.stderr
    wrong = [
        f"$ {example.command}\n{text.strip()}\n  is not\n{example.output}"
        for example, text in zip(examples, printed, strict=True)
        if example.output and not matches(example.output, text)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("said", "printed", "same"), [("a…c", "abc", True), ("a…c", "ab", False), ("200", "201", False)]
)
def test_a_wrong_output_would_be_noticed(said: str, printed: str, same: bool) -> None:
    assert matches(said, printed) is same
