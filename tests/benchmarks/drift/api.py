"""The sandbox's API server in a process of its own, with many stores in it: `python -m tests.benchmarks.drift.api N F`.

The same code that `python -m sandbox serve` runs, without controllers and without pods, so that ten thousand stores
can lie there without being worked on; its storage is filled without requests. It counts what it is asked for, by
Kubernetes' verbs (`/benchmark/counts`, which isn't counted itself). `F` is where the kubeconfig goes.
"""

import asyncio
import gc
import json
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import django
from aiohttp import web
from aiohttp.typedefs import Middleware

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

# Only now: what these import are models.
from provisioner.cluster import kind_of  # noqa: E402
from provisioner.mirror.schema import crd  # noqa: E402
from sandbox.api.http.paths import parse_path  # noqa: E402
from sandbox.api.registry import Registry  # noqa: E402
from sandbox.api.server import make_app  # noqa: E402
from sandbox.api.storage import Entry, object_key  # noqa: E402
from sandbox.serve import write_kubeconfig  # noqa: E402
from tests.benchmarks.drift.objects import PLATFORM, found, name_of, renamed, uid_of  # noqa: E402

COUNTS = "/benchmark/counts"
READY = "serving"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def filled(stores: int) -> Registry:
    """A registry with so many stores in it."""
    registry = Registry()
    definitions = registry.resource("customresourcedefinitions", "apiextensions.k8s.io")
    registry.create(definitions, None, crd())
    registry.create(registry.resource("namespaces"), None, {"metadata": {"name": PLATFORM}})
    # Nothing of what is loaded is garbage, and looking through it again and again costs minutes.
    gc.disable()
    _fill(registry, stores)
    gc.freeze()
    gc.enable()
    return registry


def _fill(registry: Registry, stores: int) -> None:
    """Every object of every store, past the writer: what was recorded has been admitted and completed before."""
    storage = registry.storage
    for manifest in found():
        kind, uid = kind_of(manifest), manifest["metadata"]["uid"]
        # Kind and apiVersion first: lists cut them off.
        text = json.dumps({"kind": manifest["kind"], "apiVersion": manifest["apiVersion"]} | manifest)
        key = registry.resource(kind.plural, kind.group).key
        for name in map(name_of, range(stores)):
            obj = json.loads(renamed(text, name).replace(uid, uid_of(name, manifest)))
            metadata = obj["metadata"]
            storage.revision += 1
            metadata["resourceVersion"] = str(storage.revision)
            own = object_key(metadata.get("namespace"), metadata["name"])
            storage.shelf(key).put(Entry(key, own, obj, storage.revision))


async def serve(registry: Registry, kubeconfig: Path) -> None:
    """Until SIGTERM."""
    app = make_app(registry)
    app.middlewares.append(_counting(Counter()))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    write_kubeconfig(kubeconfig, f"http://{host}:{port}")
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    print(READY, flush=True)
    await told.wait()
    # What it holds needn't be given back piece by piece.
    os._exit(0)


def _counting(counts: "Counter[str]") -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == COUNTS:
            spent = resource.getrusage(resource.RUSAGE_SELF)
            return web.json_response({"calls": counts, "cpu": spent.ru_utime + spent.ru_stime})
        counts[_verb(request)] += 1
        return await handler(request)

    return count


def _verb(request: web.Request) -> str:
    if request.method != "GET":
        return "dry run" if request.query.get("dryRun") else request.method.lower()
    address = parse_path(request.path)
    if address is None:
        return "discovery"
    if request.query.get("watch"):
        return "watch"
    return "get" if address.name else "list"


if __name__ == "__main__":
    asyncio.run(serve(filled(int(sys.argv[1])), Path(sys.argv[2])))
