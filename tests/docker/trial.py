"""The built images in containers as restricted as their pods: each must become healthy, and the shop must sell.

They share one network that holds nothing but its loopback, as the containers of one pod do.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from sandbox.launcher.console import Console
from tests.cluster.commands import ClusterError, succeeds, until
from tests.docker.bases import base_name
from tests.docker.building import names
from tests.docker.daemon import docker, inside
from tests.docker.places import DockerPlaces

HEALTHY_SECONDS = 180
CONTAINERS = ("trial-postgres", "trial-medusa", "trial-storefront", "trial-platform")
_DATABASE = CONTAINERS[0]
_HELM = """import django; django.setup()
from provisioner.cluster import Cluster
from provisioner.helm.actions import ReleaseActions
from provisioner.helm.runners import HelmChild
from provisioner.values import CHARTS
print(len(ReleaseActions(Cluster(), HelmChild()).template("store", "store-x", CHARTS / "medusa", {}, deadline=60)))"""
_RESTRICTED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")  # noqa: S108
_SHARED = ("--network", f"container:{_DATABASE}", *_RESTRICTED)
_SHELF = """fetch("http://127.0.0.1:9000/store/products?fields=title", {
  headers: {"x-publishable-api-key": process.env.PUBLISHABLE_KEY}
}).then(async answer => console.log(await answer.text()))"""


def trial(places: DockerPlaces, console: Console) -> None:
    """Raises ClusterError when a container fails, doesn't become healthy, or sells nothing."""
    remove(places)
    try:
        _shop(places, console)
        _platform(places, console)
    finally:
        remove(places)


def _shop(places: DockerPlaces, console: Console) -> None:
    env = _shop_settings()
    with console.step("PostgreSQL's stand-in"):
        owned = ("/var/lib/postgresql/data:uid=999,gid=999,mode=700", "/var/run/postgresql:uid=999,gid=999")
        mounts = [word for each in owned for word in ("--tmpfs", each)]
        _start(places, _DATABASE, base_name("postgres"), env, "--network", "none", "--user", "999:999", *mounts)
    with console.step("Medusa's image prepares the database"):
        words = ["--entrypoint", "node", names()["medusa"], "/app/prepare.mjs"]
        docker(places, "run", "--rm", *_SHARED, *_env(env), *words)
    with console.step("Medusa and the storefront become healthy"):
        for image in ("medusa", "storefront"):
            _start(places, f"trial-{image}", names()[image], env, *_SHARED)
        for image in ("medusa", "storefront"):
            _wait(places, f"trial-{image}")
    with console.step("The shop's shelf"):
        products = json.loads(docker(places, "exec", "trial-medusa", "node", "--eval", _SHELF)).get("products")
        if not products:
            raise ClusterError("The shop sells nothing.")
        console.line(f"  It sells {', '.join(sorted(each['title'] for each in products))}.")


def _platform(places: DockerPlaces, console: Console) -> None:
    env = {
        "DATABASE_URL": "postgresql://medusa:medusa@127.0.0.1:5432/storeplane",
        "REDIS_URL": "redis://127.0.0.1:6379",
        "STOREPLANE_SECRET_KEY": secrets.token_urlsafe(50),
        "STOREPLANE_ALLOWED_HOSTS": "storeplane.example",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with console.step(
        "The platform's image migrates a database and renders a chart, and its web process becomes healthy"
    ):
        docker(places, "exec", _DATABASE, "createdb", "--host=/var/run/postgresql", "--username=medusa", "storeplane")
        for words in (["manage.py", "migrate"], ["-c", _HELM]):
            docker(places, "run", "--rm", *_SHARED, *_env(env), names()["platform"], "python", *words)
        _start(places, "trial-platform", names()["platform"], env, *_SHARED)
        _wait(places, "trial-platform")


def _start(places: DockerPlaces, name: str, image: str, env: Mapping[str, str], *options: str) -> None:
    docker(places, "run", "--detach", "--name", name, *options, *_env(env), image)


def _wait(places: DockerPlaces, name: str) -> None:
    """Until the image's own health check says so."""
    try:
        until(lambda: _health(places, name) == "healthy", f"{name} to be healthy", HEALTHY_SECONDS)
    except ClusterError as error:
        raise ClusterError(f"{error} It said:\n{docker(places, 'logs', '--tail', '20', name)}") from error


def _health(places: DockerPlaces, name: str) -> str:
    """Raises ClusterError when the container has ended."""
    state = json.loads(docker(places, "inspect", "--format", "{{json .State}}", name))
    if not state["Running"]:
        raise ClusterError(f"{name} ended with {state['ExitCode']}.")
    return str(state["Health"]["Status"])


def _env(env: Mapping[str, str]) -> list[str]:
    return [word for name, value in env.items() for word in ("--env", f"{name}={value}")]


def _shop_settings() -> dict[str, str]:
    """As the chart gives them; PostgreSQL's are among them."""
    key = f"pk_{secrets.token_hex(32)}"
    database = {"HOST": "127.0.0.1", "PORT": "5432", "NAME": "medusa", "USER": "medusa", "PASSWORD": "medusa"}
    return {
        **{f"POSTGRES_{name}": "medusa" for name in ("USER", "PASSWORD", "DB")},
        **{f"DATABASE_{name}": value for name, value in database.items()},
        **{name: secrets.token_hex(32) for name in ("JWT_SECRET", "COOKIE_SECRET", "ADMIN_PASSWORD")},
        "ADMIN_EMAIL": "admin@trial.example",
        "PUBLISHABLE_KEY": key,
        "STORE_NAME": "Trial",
        "STORE_URL": "http://trial.localhost:8080",
        "COOKIE_SECURE": "false",
    }


def remove(places: DockerPlaces) -> None:
    """What an earlier trial left."""
    for name in reversed(CONTAINERS):
        succeeds(inside(places, ["docker", "rm", "--force", "--volumes", name]))
