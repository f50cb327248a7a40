"""Log lines: readable by machines, bound to their request, and without secrets."""

import json
import os
import subprocess
import sys

import pytest

from config.logs import hide_secrets, logging_config
from tests.services import ROOT

_PROGRAM = """
import logging, structlog
from config.logs import apply_logging, logging_config
apply_logging(logging_config("{format}"))
structlog.contextvars.bind_contextvars(request_id="r-1")
structlog.get_logger("ours").info("something happened", store="tea-shop", admin_password="{secret}")
logging.getLogger("theirs").warning("an old style %s", "line")
try:
    password = "{secret}"
    raise ValueError("broken")
except ValueError:
    structlog.get_logger("ours").exception("it failed")
"""
SECRET = "a-secret-value"


def lines(format_: str) -> list[str]:
    program = _PROGRAM.format(format=format_, secret=SECRET)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ})
    return done.stderr.splitlines()


def test_json_lines_carry_the_request_and_no_secret() -> None:
    first, second, third = (json.loads(line) for line in lines("json"))

    assert (first["event"], first["store"], first["request_id"]) == ("something happened", "tea-shop", "r-1")
    assert first["admin_password"] == "(hidden)"
    assert (second["event"], second["logger"], second["request_id"]) == ("an old style line", "theirs", "r-1")
    assert "ValueError: broken" in third["exception"]


def test_lines_for_a_person_show_no_local_variables() -> None:
    text = "\n".join(lines("console"))

    assert "ValueError: broken" in text
    assert text.count(SECRET) == text.count(f'password = "{SECRET}"')


@pytest.mark.parametrize("name", ["password", "ADMIN_PASSWORD", "jwt_secret", "publishable_key", "api_token", "Cookie"])
def test_fields_named_like_a_secret_are_hidden(name: str) -> None:
    assert hide_secrets(None, "info", {"event": "x", name: SECRET}) == {"event": "x", name: "(hidden)"}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="STOREPLANE_LOG_FORMAT is 'xml'; use one of console, json"):
        logging_config("xml")
