"""Ports and what a home remembers."""

import os
import socket
from pathlib import Path

import pytest

from sandbox.launcher.errors import LauncherError
from sandbox.launcher.home import Home
from sandbox.launcher.options import Options, free_port, require_free_ports


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.create()
    return made


def test_a_port_in_use_is_told_with_who_has_it_and_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LauncherError) as refusal:
            require_free_ports(Options(port=port, ingress_port=free_port(0)))
    words = str(refusal.value)
    assert words.startswith(f"Port {port} is in use by ")
    assert f"(pid {os.getpid()})" in words
    assert words.endswith("; choose another with --port.")


def test_one_port_for_both_is_refused() -> None:
    with pytest.raises(LauncherError, match="both 8000"):
        require_free_ports(Options(port=8000, ingress_port=8000))


def test_a_wanted_port_is_taken_when_it_is_free_and_another_when_not() -> None:
    wanted = free_port(0)
    assert free_port(wanted) == wanted
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", wanted))
        taken.listen()
        assert free_port(wanted) not in (wanted, 0)


def test_a_home_remembers_its_ports_and_a_new_wish_wins(home: Home) -> None:
    assert Options.choose(home, None, None, None) == Options(8000, 8080, 6443)
    Options(port=8100, ingress_port=8180, api_port=6500).remember(home)
    assert Options.choose(home, None, None, None) == Options(8100, 8180, 6500)
    assert Options.choose(home, 9000, None, None) == Options(9000, 8180, 6500)


def test_a_missing_kubeconfig_is_told(home: Home, tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match="There is no kubeconfig at"):
        Options.choose(home, None, None, str(tmp_path / "none"))


def test_a_list_of_kubeconfigs_is_told_how_to_be_one(home: Home, tmp_path: Path) -> None:
    (tmp_path / "one").touch()
    with pytest.raises(LauncherError, match="--flatten"):
        Options.choose(home, None, None, f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}")


@pytest.mark.parametrize(
    ("wish", "difference"),
    [
        ({"port": None, "ingress_port": None}, ""),
        ({"port": 8000, "ingress_port": 8080}, ""),
        ({"port": 9000, "ingress_port": None}, "--port 9000 (it has 8000)"),
        ({"port": None, "ingress_port": 9080}, "--ingress-port 9080 (it has 8080)"),
    ],
)
def test_only_what_was_asked_for_by_name_can_differ(wish: dict[str, int | None], difference: str) -> None:
    assert Options().differs_from(Options(), **wish) == difference


def test_another_cluster_than_the_running_one_is_a_difference(tmp_path: Path) -> None:
    asked = Options(kubeconfig=tmp_path / "one")
    words = asked.differs_from(Options(kubeconfig=tmp_path / "two"), port=None, ingress_port=None)
    assert words == f"--kubeconfig {tmp_path / 'one'} (it has {tmp_path / 'two'})"


def test_a_home_stays_with_its_cluster(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.touch()
    asked = Options.choose(home, None, None, str(config))
    assert asked.kubeconfig == config
    asked.remember(home)
    assert Options.choose(home, None, None, None).kubeconfig == config
    Options().remember(home)
    with pytest.raises(LauncherError, match="live in the sandbox; name another folder in STOREPLANE_HOME"):
        Options.choose(home, None, None, str(config))


def test_options_survive_the_way_through_json(tmp_path: Path) -> None:
    options = Options(port=1, kubeconfig=tmp_path / "config")
    assert Options.from_json(options.to_json()) == options


def test_the_stores_port_of_a_real_cluster_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Options(kubeconfig=Path("/k"))
    assert (Options().store_port, real.store_port) == (8080, 80)
    monkeypatch.setenv("STOREPLANE_STORE_PORT", "8443")
    assert (Options().store_port, real.store_port) == (8080, 8443)
    monkeypatch.setenv("STOREPLANE_STORE_PORT", "many")
    with pytest.raises(LauncherError, match="must be a number, and is 'many'"):
        _ = real.store_port
