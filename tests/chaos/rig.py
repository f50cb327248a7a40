"""A platform in a box: real workers, beat and Redis around the test's own database and a sandbox cluster."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psutil
from django.db import connection
from django.db.models import Q

from config.celery import app
from provisioner.cluster import Cluster
from provisioner.operations.models import ACTIVE
from stores.choices import Phase
from stores.models import Store
from stores.services import StoreSpec, create_store, request_teardown
from tenants.models import Tenant
from tests.chaos import cluster as kubernetes
from tests.chaos.broker import Broker, spoken_to
from tests.chaos.checks import Shape, shape_of
from tests.chaos.mail import Mail, unwatch, watch
from tests.chaos.orders import Orders
from tests.chaos.processes import MARK, Process, Supervisor, assert_all_gone, marked
from tests.chaos.relay import Relay
from tests.chaos.waiting import PATIENCE_SECONDS, until

QUICK = {
    "STOREPLANE_HEARTBEAT_SECONDS": "0.5",
    "STOREPLANE_STALE_SECONDS": "3",
    "STOREPLANE_RESEND_SECONDS": "3",
    "STOREPLANE_SWEEP_SECONDS": "1",
}
"""The engine's patience, short enough for tests; the proportions are those of production."""


MOST_STARTS = 4
"""A process that dies so often before it has ever served can't start at all."""


@dataclass(frozen=True)
class Plan:
    """What a rig consists of. `relay` and `kubeconfig` put something between the platform and its servers."""

    provision_workers: int = 1
    other_workers: int = 1
    beat: bool = True
    watcher: bool = False
    relay: Relay | None = None
    kubeconfig: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)


class Rig:
    """The running platform. Names of stores begin with `prefix`, which no other rig uses."""

    _undisturbed: ClassVar[Shape | None] = None

    def __init__(self, folder: Path, plan: Plan, broker: Broker, cluster: Cluster, mark: str) -> None:
        self.prefix = f"c{mark}"
        self.broker, self.cluster = broker, cluster
        self.orders, self.mail = Orders(folder / "orders"), Mail(folder / "weather")
        self.supervisor = Supervisor()
        self.beat: Process | None = None
        self.watcher: Process | None = None
        self.workers: list[Process] = []
        self._folder, self._plan, self._mark = folder, plan, mark

    def start(self) -> None:
        """Start everything at once, then wait until all of it serves."""
        for number in range(self._plan.provision_workers):
            self._keep_worker(f"provision-{number}", "provision", 3)
        for number in range(self._plan.other_workers):
            self._keep_worker(f"teardown-{number}", "teardown", 2)
            self._keep_worker(f"events-{number}", "drift,events", 2)
        if self._plan.beat:
            argv = ("beat", "-s", str(self._folder / "beat"), "--pidfile=", "--loglevel", "INFO")
            self.beat = self._keep("beat", argv, "beat: Starting")
        if self._plan.watcher:
            program = [sys.executable, "manage.py", "watch_cluster"]
            self.watcher = self._keep_program("watcher", program, "Watching the cluster.")
        for process in self.processes:
            until(partial(_serves, process), f"{process.name} to serve", seconds=90)

    @property
    def processes(self) -> list[Process]:
        """Workers, beat and the watcher."""
        return [*self.workers, *(each for each in (self.beat, self.watcher) if each)]

    def provision_workers(self) -> list[Process]:
        """Those that carry births."""
        return [worker for worker in self.workers if worker.name.startswith("provision")]

    def helms(self) -> list[psutil.Process]:
        """Helm's processes, whoever has started them and is dead by now."""
        return [process for process in marked(self._mark) if "child.py" in " ".join(process.cmdline())]

    def frozen(self) -> list[psutil.Process]:
        """Processes that were stopped and still are."""
        return [process for process in marked(self._mark) if process.status() == psutil.STATUS_STOPPED]

    def stop(self) -> None:
        """End everything that `start` has started, at once: how workers leave in order is the launcher's subject."""
        self.supervisor.close()
        for process in self.processes:
            process.kill()

    def tails(self) -> dict[str, str]:
        """The last words of each process."""
        return {file.stem: file.read_text(errors="replace")[-6000:] for file in (self._folder / "logs").glob("*.log")}

    def name(self, what: str) -> str:
        """A store's name for this rig."""
        return f"{self.prefix}-{what}"

    def undisturbed(self) -> Shape:
        """What a store looks like whose birth nothing has disturbed; to be asked for before anything is done."""
        if Rig._undisturbed is None:
            name = self.name("calm")
            (store,) = self.ask_for(name)
            self.wait_ready(name)
            Rig._undisturbed = shape_of(self.cluster, store)
        return Rig._undisturbed

    def tenant(self, slug: str = "chaos", plan: str = "large") -> Tenant:
        """A tenant with room for many stores."""
        made, _ = Tenant.objects.get_or_create(slug=slug, defaults={"name": slug, "plan": plan})
        return made

    def ask_for(self, *names: str, tenant: str = "chaos") -> list[Store]:
        """Stores by the services; their births are queued."""
        return [create_store(self.tenant(tenant), StoreSpec(name=name), by=None).store for name in names]

    def tear_down(self, *names: str) -> None:
        """Ask for their removal."""
        for store in Store.objects.not_gone().filter(name__in=names):
            request_teardown(store)

    def phases(self, names: list[str]) -> dict[str, str]:
        """How they stand."""
        return dict(Store.objects.filter(name__in=names).values_list("name", "phase"))

    def wait_ready(self, *names: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Until all are Ready; at once an error when one has failed."""

        def look() -> bool:
            phases = self.phases(list(names))
            assert Phase.FAILED not in phases.values(), self.told(*names)
            return all(phases[name] == Phase.READY for name in names)

        until(look, lambda: f"stores to be Ready: {self.told(*names)}", seconds)

    def wait_gone(self, *names: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Until all rows are tombstones, and the work on them is over too."""
        left = Store.objects.filter(Q(deleted_at__isnull=True) | Q(operations__state__in=ACTIVE), name__in=names)
        until(lambda: not left.exists(), lambda: f"stores to be gone: {self.told(*names)}", seconds)

    def told(self, *names: str) -> dict[str, list[str]]:
        """The stories of those stores that are neither Ready nor gone, for an error message."""
        unsettled = Store.objects.not_gone().filter(name__in=names).exclude(phase=Phase.READY)
        return {
            store.name: [f"{store.phase}: {store.message}"]
            + [f"{event.timestamp:%M:%S.%f} {event.type} {event.step} {event.message}" for event in _story(store)]
            for store in unsettled
        }

    def _keep_worker(self, name: str, queues: str, concurrency: int) -> None:
        alone = ("--without-mingle", "--without-gossip", "--loglevel", "INFO")
        argv = ("worker", "-Q", queues, "-c", str(concurrency), "-n", f"{name}@%h", *alone)
        self.workers.append(self._keep(name, argv, "ready."))

    def _keep(self, name: str, argv: tuple[str, ...], ready: str) -> Process:
        celery = [sys.executable, "-m", "celery", "--quiet", "-A", "tests.chaos.worker", *argv]
        return self._keep_program(name, celery, ready)

    def _keep_program(self, name: str, argv: list[str], ready: str) -> Process:
        process = Process(name, argv, self.environment(), self._folder / "logs" / f"{name}.log", ready)
        self.supervisor.keep(process)
        return process

    def environment(self) -> dict[str, str]:
        """That of all its processes."""
        given = {
            "DATABASE_URL": database_url(),
            "REDIS_URL": self._plan.relay.url if self._plan.relay else self.broker.url,
            "STOREPLANE_HOME": str(self._folder / "home"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            # As the launcher does: SIGTERM means stop soon, and give back what isn't done.
            "REMAP_SIGTERM": "SIGQUIT",
            "PYTHONUNBUFFERED": "1",
            # Django's checks at each of the many starts would cost a second of work and find nothing new.
            "CELERY_SKIP_CHECKS": "1",
            "CHAOS_FOLDER": str(self._folder),
            MARK: self._mark,
        }
        if self._plan.kubeconfig:
            given["KUBECONFIG"] = str(self._plan.kubeconfig)
        return {**os.environ, **QUICK, **given, **self._plan.env}


def database_url() -> str:
    """The URL of the database that this process uses, which for a test is the test database."""
    used = connection.settings_dict
    password = f":{quote(used['PASSWORD'], safe='')}" if used["PASSWORD"] else ""
    port = f":{used['PORT']}" if used["PORT"] else ""
    return f"postgresql://{used['USER']}{password}@{quote(used['HOST'], safe='')}{port}/{used['NAME']}"


@contextmanager
def rig(kubeconfig: Path, folder: Path, plan: Plan | None = None) -> Iterator[Rig]:
    """A platform for the time of a `with`. The caller has unblocked the database, and empties it afterwards."""
    plan, mark = plan or Plan(), secrets.token_hex(3)
    for name in ("logs", "home"):
        (folder / name).mkdir(parents=True)
    with ExitStack() as stack:
        stack.callback(assert_all_gone, mark)
        broker = Broker(folder, mark)
        stack.callback(broker.process.stop)
        broker.start()
        if plan.relay is not None:
            plan.relay.target = broker.socket
        # The test itself looks past whatever stands between.
        stack.enter_context(spoken_to(broker.url))
        cluster = stack.enter_context(kubernetes.using(kubeconfig))
        box = Rig(folder, plan, broker, cluster, mark)
        box.orders.create()
        watch(app, box.mail)
        stack.callback(unwatch)
        stack.callback(box.stop)
        box.start()
        yield box


def _story(store: Store) -> list[object]:
    return list(store.events.order_by("id"))


def _serves(process: Process) -> bool:
    assert process.lives < MOST_STARTS, process.tail()
    return process.is_ready()
