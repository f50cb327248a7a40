"""Are there known vulnerabilities in what is locked? `python -m sandbox.launcher.audits pip` or `… npm FOLDER NPM`.

Exits with 0 when there are none, 1 when there are, and `SKIPPED` when nobody could be asked (no network, or a registry
that offers no audits), with a last line that says so: a machine without a network must not fail for that.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.launcher.home import CHECKOUT

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
SKIPPED = 77
"""The exit code that automake's test drivers take for a skip."""

ASK_SECONDS = 30
DEADLINE_SECONDS = 300
SEVERE = ("high", "critical")
"""Of npm's four levels those that fail. Advisories of the others reach a store by no way that was found yet, and often
have no release that mends them; they are told."""


@dataclass(frozen=True)
class Outcome:
    """What was learnt, and the exit code."""

    code: int
    lines: tuple[str, ...]


def requirements(lock: str) -> list[str]:
    """`name==version` of each package that a uv.lock takes from a registry."""
    packages = tomllib.loads(lock)["package"]
    return sorted(f"{each['name']}=={each['version']}" for each in packages if "registry" in each["source"])


def judge_pip(answer: Mapping[str, Any] | None, said: str) -> Outcome:
    """From pip-audit's JSON, None when there is none, and the last line of what it said."""
    if answer is None:
        return _skipped("PyPI could not be asked", said)
    asked = [each for each in answer["dependencies"] if "skip_reason" not in each]
    found = tuple(
        f"{each['name']} {each['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no release'}"
        for each in asked
        for flaw in each["vulns"]
    )
    if found:
        return Outcome(1, found)
    if not asked:
        return _skipped("the package index offers no audits", answer["dependencies"][0]["skip_reason"])
    unknown = len(answer["dependencies"]) - len(asked)
    return Outcome(0, (f"{len(asked)} packages without a known vulnerability; {unknown} could not be asked about",))


def judge_npm(answer: Mapping[str, Any] | None, said: str) -> Outcome:
    """From npm's JSON, None when there is none, and the last line of what it said."""
    if answer is None or "vulnerabilities" not in answer:
        return _skipped("the npm registry offers no audits", str((answer or {}).get("message") or said))
    told = tuple(f"{name}: {flaw['severity']}" for name, flaw in sorted(answer["vulnerabilities"].items()))
    severe = any(flaw["severity"] in SEVERE for flaw in answer["vulnerabilities"].values())
    return Outcome(1 if severe else 0, told or ("no known vulnerability",))


def rounds(wanted: Sequence[str]) -> list[list[str]]:
    """The same, so that no round has a name twice: a lock has two versions of what differs by Python or platform."""
    made: list[dict[str, str]] = []
    for each in wanted:
        name = each.partition("==")[0]
        first = next((one for one in made if name not in one), None)
        if first is None:
            made.append(first := {})
        first[name] = each
    return [list(one.values()) for one in made]


def ask_pip(lock: Path) -> Outcome:
    """About everything that is locked, whatever group it is for."""
    answers = []
    for wanted in rounds(requirements(lock.read_text())):
        answer, said = _pip_audit(wanted)
        if answer is None:
            return judge_pip(None, said)
        answers.append(answer)
    return judge_pip({"dependencies": [each for answer in answers for each in answer["dependencies"]]}, "")


def _pip_audit(wanted: Sequence[str]) -> tuple[Mapping[str, Any] | None, str]:
    with tempfile.TemporaryDirectory() as folder:
        file, told = Path(folder, "requirements.txt"), Path(folder, "answer.json")
        file.write_text("\n".join(wanted))
        argv = [sys.executable, "-m", "pip_audit", "-r", str(file), "--disable-pip", "--no-deps", "-f", "json"]
        argv += ["-o", str(told), "--progress-spinner", "off", "--timeout", str(ASK_SECONDS)]
        said = _run(argv, CHECKOUT)
        return _read(told.read_text() if told.exists() else ""), _last_line(said)


def ask_npm(folder: Path, npm: str) -> Outcome:
    """About what a store or a browser is given, by a folder's package-lock.json."""
    said = _run([npm, "audit", "--omit=dev", "--json"], folder)
    return judge_npm(_read(said), _last_line(said))


def _run(argv: Sequence[str], cwd: Path) -> str:
    env = dict(os.environ)
    if CERTIFICATES.is_file():
        # requests trusts only its own list of certificates: a company's proxy has one in the system's.
        env.setdefault("REQUESTS_CA_BUNDLE", str(CERTIFICATES))
    try:
        done = subprocess.run(
            argv,
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=DEADLINE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {DEADLINE_SECONDS} s"
    return done.stdout or done.stderr


def _read(text: str) -> Mapping[str, Any] | None:
    try:
        read = json.loads(text)
    except ValueError:
        return None
    return read if isinstance(read, dict) else None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


def _skipped(why: str, said: str) -> Outcome:
    return Outcome(SKIPPED, (f"not audited: {why} ({said})",))


def main(words: Sequence[str]) -> int:
    """Ask, and say what was learnt."""
    outcome = ask_pip(CHECKOUT / "uv.lock") if words[0] == "pip" else ask_npm(CHECKOUT / words[1], words[2])
    for line in outcome.lines:
        print(line)
    return outcome.code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
