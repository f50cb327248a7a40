"""What the platform refuses to start with."""

import os
import subprocess
import sys

import pytest
from django.test import override_settings

from config.apps import RefusedToStart, check_settings, refuse_unsafe_settings
from config.networks import InvalidNetwork, contains, parse_networks
from tests.services import ROOT


def ids() -> list[str | None]:
    return [error.id for error in check_settings()]


@override_settings(STOREPLANE_HEARTBEAT_SECONDS=10, STOREPLANE_STALE_SECONDS=25)
def test_a_heartbeat_that_is_too_rare_is_refused() -> None:
    assert ids() == ["storeplane.E005"]


@override_settings(STOREPLANE_PROVISION_SLOTS=0)
def test_no_slots_are_refused() -> None:
    assert ids() == ["storeplane.E006"]


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_for_metrics_that_is_none_is_refused(port: int) -> None:
    with override_settings(STOREPLANE_METRICS_PORT=port):
        assert ids() == ["storeplane.E007"]


@override_settings(STOREPLANE_METRICS_PORT=9100)
def test_a_port_for_metrics_is_refused_while_children_would_leave_no_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert ids() == ["storeplane.E008"]

    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/run/metrics")

    assert ids() == []


def test_the_tests_own_settings_are_fine() -> None:
    assert ids() == []
    refuse_unsafe_settings()


def test_a_trusted_header_without_a_proxy_is_refused() -> None:
    with override_settings(STOREPLANE_TRUST_USER_HEADER=True, STOREPLANE_TRUSTED_PROXIES=[]):
        assert ids() == ["storeplane.E002"]
        with pytest.raises(RefusedToStart, match="lists no proxy"):
            refuse_unsafe_settings()


def test_no_proxy_is_needed_while_the_header_is_off() -> None:
    with override_settings(STOREPLANE_TRUST_USER_HEADER=False, STOREPLANE_TRUSTED_PROXIES=[]):
        assert ids() == []


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "localhost", "10.0.0.300", "*"])
def test_a_proxy_that_is_no_network_is_refused(entry: str) -> None:
    with override_settings(STOREPLANE_TRUSTED_PROXIES=["127.0.0.1/32", entry]):
        assert ids() == ["storeplane.E003"]


def test_an_empty_secret_key_is_refused() -> None:
    with override_settings(SECRET_KEY=""):
        assert ids() == ["storeplane.E001"]


def test_a_forwarded_address_from_anyone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")

    assert ids() == ["storeplane.E004"]


def test_networks_are_addresses_or_ranges() -> None:
    networks = parse_networks(["10.0.0.1", " 10.1.0.0/16", "", "fd00::/8"])

    assert contains(networks, "10.1.2.3")
    assert not contains(networks, "10.0.0.2")
    with pytest.raises(InvalidNetwork, match="nonsense"):
        parse_networks(["nonsense"])


def run(*command: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    env = {name: value for name, value in os.environ.items() if not name.startswith("STOREPLANE_")}
    return subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=False, cwd=ROOT, env={**env, **settings}
    )


def test_a_production_environment_passes_the_deployment_checks() -> None:
    done = run(
        "manage.py",
        "check",
        "--deploy",
        "--fail-level",
        "WARNING",
        STOREPLANE_SECRET_KEY="k3Y-" + "".join(chr(97 + n % 26) + str(n) for n in range(40)),
        STOREPLANE_ALLOWED_HOSTS="storeplane.example",
        STOREPLANE_LOG_FORMAT="json",
    )

    assert done.returncode == 0, done.stderr


def test_the_web_process_itself_refuses_to_start() -> None:
    done = run("-c", "import config.asgi", STOREPLANE_SECRET_KEY="x" * 60, STOREPLANE_TRUST_USER_HEADER="true")

    assert done.returncode == 1
    assert "STOREPLANE_TRUST_USER_HEADER is on and STOREPLANE_TRUSTED_PROXIES lists no proxy." in done.stderr
