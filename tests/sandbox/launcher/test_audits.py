"""A known vulnerability fails; that nobody could be asked is said, and fails nothing."""

import io
import sys
from pathlib import Path

import pytest

from sandbox.launcher.audits import SKIPPED, ask_npm, judge_npm, judge_pip, requirements, rounds
from sandbox.launcher.checks import Check, run
from sandbox.launcher.console import Console

FLAW = {"id": "CVE-2026-1", "fix_versions": ["5.2.20"]}
LOCK = """
[[package]]
name = "django"
version = "5.2.19"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "storeplane"
version = "0.1.0"
source = { editable = "." }
"""


def test_what_a_registry_has_is_asked_about_and_the_project_itself_is_not() -> None:
    assert requirements(LOCK) == ["django==5.2.19"]


def test_a_vulnerable_package_fails_and_is_named_with_its_remedy() -> None:
    answer = {"dependencies": [{"name": "django", "version": "5.2.19", "vulns": [FLAW]}]}

    outcome = judge_pip(answer, "")

    assert (outcome.code, outcome.lines) == (1, ("django 5.2.19: CVE-2026-1, mended in 5.2.20",))


def test_packages_without_a_flaw_pass_and_those_that_nobody_knows_are_counted() -> None:
    known = {"name": "django", "version": "5.2.19", "vulns": []}
    answer = {"dependencies": [known, {"name": "own", "skip_reason": "not on PyPI"}]}

    outcome = judge_pip(answer, "")

    assert outcome.code == 0
    assert outcome.lines == ("1 packages without a known vulnerability; 1 could not be asked about",)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, "Connection refused"),
        ({"dependencies": [{"name": "django", "skip_reason": "not on PyPI"}]}, "not on PyPI"),
    ],
)
def test_an_index_that_cannot_be_asked_is_a_skip_with_its_reason(answer: dict[str, object] | None, said: str) -> None:
    outcome = judge_pip(answer, said)

    assert outcome.code == SKIPPED
    assert outcome.lines[-1].startswith("not audited: ")
    assert said in outcome.lines[-1]


@pytest.mark.parametrize(("severity", "code"), [("low", 0), ("moderate", 0), ("high", 1), ("critical", 1)])
def test_npm_fails_for_what_is_severe(severity: str, code: int) -> None:
    outcome = judge_npm({"vulnerabilities": {"lodash": {"severity": severity}}}, "")

    assert (outcome.code, outcome.lines) == (code, (f"lodash: {severity}",))


def test_a_registry_that_answers_405_is_a_skip() -> None:
    outcome = judge_npm({"message": "405 Method Not Allowed", "statusCode": 405}, "")

    assert outcome.code == SKIPPED
    assert outcome.lines == ("not audited: the npm registry offers no audits (405 Method Not Allowed)",)


def test_an_npm_that_says_something_else_is_a_skip(tmp_path: Path) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho getaddrinfo EAI_AGAIN >&2\nexit 1\n")
    npm.chmod(0o755)

    assert ask_npm(tmp_path, str(npm)).lines[-1].endswith("(getaddrinfo EAI_AGAIN)")


def test_a_skipped_check_says_why_and_fails_nothing() -> None:
    written = io.StringIO()
    code = f"import sys; print('not audited: no network'); sys.exit({SKIPPED})"
    wanted = [Check("audit", (sys.executable, "-c", code), skip_code=SKIPPED)]

    assert run(wanted, Console(written)) == []
    assert "audit was skipped: not audited: no network" in written.getvalue()


def test_the_same_exit_code_fails_a_check_that_may_not_be_skipped() -> None:
    wanted = [Check("mypy", (sys.executable, "-c", f"raise SystemExit({SKIPPED})"))]

    assert run(wanted, Console(io.StringIO())) == ["mypy"]


def test_no_round_has_a_name_twice() -> None:
    wanted = ["a==1", "b==1", "b==2", "c==1", "b==3"]
    assert rounds(wanted) == [["a==1", "b==1", "c==1"], ["b==2"], ["b==3"]]
    assert rounds([]) == []
