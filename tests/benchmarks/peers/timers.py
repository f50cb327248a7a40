"""The usual design, for comparison: an operator on kopf with one timer for each store, which looks at eight objects.

It is written as such operators are: a plain function, the official client with its typed calls, one object a call. It
is kinder than many: it writes no status when nothing changed, and each store has its finalizer already, as after a
restart. What kopf does by itself is left at its defaults: it writes a log line for each turn, and posts no events.

`python -m tests.benchmarks.peers.timers N`: on the word `round` it runs each of the N stores' timers once and prints
what that cost. In service the interval is `INTERVAL_SECONDS`; here it is so long that no store has a second turn.
"""

import asyncio
import json
import sys
import threading
from http import HTTPStatus
from typing import Any

import kopf
from kubernetes import client, config

from tests.benchmarks.drift.usage import usage

INTERVAL_SECONDS = 120.0
"""How often such an operator looks at a store: on average it notices a change after half of it."""

READS_A_STORE = 8
_ONCE = 86_400.0


class Round:
    """One turn of every store; over when the last has been looked at."""

    def __init__(self, stores: int) -> None:
        self.over = threading.Event()
        self.drifted: list[str] = []
        self._left, self._lock = stores, threading.Lock()

    def looked(self, store: str, wrong: list[str]) -> None:
        """A store has had its turn."""
        with self._lock:
            self._left -= 1
            if wrong:
                self.drifted.append(store)
            if not self._left:
                self.over.set()


def look(namespace: str) -> list[str]:
    """The eight reads of a store: what is missing, or isn't as asked for."""
    core, apps, networking = client.CoreV1Api(), client.AppsV1Api(), client.NetworkingV1Api()
    wrong: list[str] = []

    def wanted(what: str, read: Any, *arguments: str, right: Any = bool) -> None:
        try:
            found = read(*arguments)
        except client.ApiException as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            wrong.append(f"{what} is missing")
            return
        if not right(found):
            wrong.append(f"{what} was changed")

    wanted("Namespace", core.read_namespace, namespace, right=lambda found: found.status.phase == "Active")
    wanted("database", apps.read_namespaced_stateful_set, "postgres", namespace, right=_has_one)
    for name in ("backend", "storefront"):
        wanted(name, apps.read_namespaced_deployment, name, namespace, right=_has_one)
    wanted("Services", core.list_namespaced_service, namespace, right=lambda found: len(found.items) == 3)
    wanted("Ingress", networking.read_namespaced_ingress, "store", namespace)
    wanted("claim", core.read_namespaced_persistent_volume_claim, "data-postgres-0", namespace)
    wanted("ResourceQuota", core.read_namespaced_resource_quota, "store", namespace)
    return wrong


def _has_one(found: Any) -> bool:
    return bool(found.spec.replicas == 1)


def registered(turn: Round) -> kopf.OperatorRegistry:
    """The operator's one handler."""
    registry = kopf.OperatorRegistry()

    @kopf.timer("storeplane.dev", "v1", "stores", interval=_ONCE, registry=registry)
    def check(name: str | None, patch: kopf.Patch, **_: Any) -> None:
        wrong = look(f"store-{name}")
        if wrong:
            patch.status["message"] = "; ".join(wrong)
        turn.looked(str(name), wrong)

    @kopf.on.login(registry=registry)
    def login(**arguments: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_kubeconfig(**arguments)

    return registry


async def run(stores: int) -> dict[str, Any]:
    """Start the operator, wait for the end of the round, and stop it."""
    turn, stop = Round(stores), asyncio.Event()
    before = usage()
    running = asyncio.create_task(kopf.operator(registry=registered(turn), clusterwide=True, stop_flag=stop))
    over = asyncio.create_task(asyncio.to_thread(turn.over.wait))
    await asyncio.wait({running, over}, return_when=asyncio.FIRST_COMPLETED)
    spent = usage().since(before)
    stop.set()
    await running
    return {"result": stores, "drifted": turn.drifted, **spent}


def main(stores: int) -> None:
    """Ready when everything is imported and the cluster is known."""
    # As `kopf run` does.
    kopf.configure()
    config.load_kube_config()  # type: ignore[no-untyped-call]
    print("{}", flush=True)
    for _ in sys.stdin:
        print(json.dumps(asyncio.run(run(stores))), flush=True)
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
