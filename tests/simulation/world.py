"""Everything around the engine: clock, cluster, Helm, broker, and the processes that carry the work."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from celery.exceptions import Ignore
from django.db import Error as DatabaseFault
from django.db import connection
from kombu.exceptions import KombuError

from config.celery import app
from provisioner.drift import tasks as _drift  # noqa: F401 - registers its tasks
from provisioner.drift.models import Desired, Finding
from provisioner.mirror import tasks as _mirror  # noqa: F401
from provisioner.mirror.models import Mirror
from provisioner.operations import tasks as _operations  # noqa: F401
from provisioner.operations.models import Operation, Step
from provisioner.pipelines import tasks as _pipelines  # noqa: F401
from stores.models import Condition, Store, StoreEvent
from tenants.models import AuditEntry, Tenant
from tests.simulation import edges, ledger
from tests.simulation.broker import Broker, Message
from tests.simulation.clock import Clock
from tests.simulation.cluster import SimCluster
from tests.simulation.controllers import Controllers
from tests.simulation.helm import SimHelm
from tests.simulation.objects import Objects
from tests.simulation.processes import Process, here
from tests.simulation.referee import Referee

HOSTS = ("ash", "elm")
BEAT_SECONDS = 5.0
SWEEP = Message((("provisioner.operations.tasks.sweep", ()),))
SWEEP_MIRRORS = Message((("provisioner.mirror.tasks.sweep_mirrors", ()),))
_TRACE_LENGTH = 400


class World:
    """One story's world; `trace` tells what happened in it, and `crashes` which tasks ended in an error."""

    def __init__(self) -> None:
        self.trace: list[str] = []
        self.crashes: list[str] = []
        self.processes: list[Process] = []
        self.clock = Clock()
        self.objects = Objects(self.clock)
        self.controllers = Controllers(self.objects)
        self.referee = Referee(self.processes, self.clock)
        self.cluster = SimCluster(self.objects, self.referee, self.tell)
        self.helm = SimHelm(self.objects, self.referee, self.tell)
        self.broker = Broker(self.clock, self.tell)
        self.ledger = ledger.Ledger()
        self._beating: Process | None = None

    def tell(self, what: str) -> None:
        """Add a line to the story."""
        process = here()
        self.trace.append(f"{self.clock.monotonic():8.3f} {process.pid if process else '-'} {what}")
        del self.trace[:-_TRACE_LENGTH]

    def process(self, pid: int) -> Process:
        """The process of that number."""
        return self.processes[pid - 1]

    @property
    def busy(self) -> list[Process]:
        """Processes that stand at a checkpoint."""
        return [process for process in self.processes if process.alive and process.carrier is not None]

    def deliver(self, message: Message, host: str = HOSTS[0]) -> Process:
        """Have a worker of that host take the message and run to its first checkpoint."""
        if message in self.broker.messages:
            self.broker.messages.remove(message)
        idle = [each for each in self.processes if each.alive and each.carrier is None and each.host == host]
        process = idle[0] if idle else self._new_process(host)
        process.message = message
        self.tell(f"process {process.pid} takes {message}")
        process.start(lambda: self._work(message))
        return process

    def _new_process(self, host: str) -> Process:
        process = Process(host, len(self.processes) + 1)
        self.processes.append(process)
        return process

    def _work(self, message: Message) -> None:
        """As Celery does it: run the first link, and send the rest unless the link said to ignore it."""
        (task, arguments), rest = message.links[0], message.links[1:]
        try:
            app.tasks[task].run(*arguments)
        except Ignore:
            return
        except DatabaseFault as error:
            # What Celery logs and forgets; the sweep has to mend it.
            self.tell(f"{message} ended in {type(error).__name__}")
            return
        except Exception as error:
            self.crashes.append(f"{message}: {error!r}")
            return
        with suppress(KombuError):
            if rest:
                self.broker.put(Message(rest))

    def finish(self, process: Process, steps: int = 1_000) -> None:
        """Run a worker on, to the end of its message if it has not more checkpoints than that."""
        while steps and process.alive and process.carrier is not None:
            process.step()
            steps -= 1

    def run(self, message: Message, host: str = HOSTS[0]) -> None:
        """Deliver, and run to the end."""
        self.finish(self.deliver(message, host))

    def kill(self, process: Process, *, given_back: bool) -> None:
        """End a worker where it stands; `given_back` when the broker notices and delivers its message again."""
        self.tell(f"process {process.pid} is killed at {process.at}")
        process.kill()
        process.lease = process.work = None
        if given_back:
            self.broker.messages.append(process.message)

    def thaw(self, process: Process) -> None:
        """A frozen process goes on. Its heartbeat's thread is late and beats at once."""
        if process.frozen:
            self.tell(f"process {process.pid} thaws at {process.at}")
            process.frozen = False
            self.beat(process)

    def pass_time(self, seconds: float) -> None:
        """Move the clock, in steps in which owners beat and the cluster goes on."""
        self.tell(f"{seconds:g} s pass")
        while seconds > 0:
            self.clock.move(min(BEAT_SECONDS, seconds))
            seconds -= BEAT_SECONDS
            self.controllers.tick()
            for process in self.busy:
                self.beat(process)

    def beat(self, process: Process) -> None:
        """One round of the heartbeat's thread."""
        if process.lease is None or process.frozen:
            return
        if process.cut:
            stands = self.clock.monotonic() - process.renewed < edges.self_fence_seconds()
        else:
            stands = process.lease.beat()
            process.renewed = self.clock.monotonic()
            if not stands and not Step.objects.filter(pk=process.lease.step_id, owner=process.lease.owner).exists():
                process.replaced = True  # a sweep has forgotten it: nobody waits for it, and it knows that by now
        if not stands:
            process.lease.lost.set()
            assert process.on_lost is not None
            self._beating = process
            process.on_lost()

    def abandon_helm(self) -> None:
        """In place of `helm.abandon`: kill the Helm of the process whose heartbeat calls it."""
        process = self._beating
        assert process is not None
        if process.in_helm and not process.abandoned:
            self.tell(f"process {process.pid} kills its Helm at {process.at}")
            process.abandoned = True

    @contextmanager
    def open(self) -> Iterator["World"]:
        """The engine runs in this world; at the end nothing of it is left."""
        with edges.installed(self):
            try:
                yield self
            finally:
                for process in self.busy:
                    process.frozen = process.cut = False
                    process.kill()
                _clear()


def _clear() -> None:
    """Delete all rows, leaves first: much quicker than emptying the tables, as the audit demands (it only grows)."""
    if AuditEntry.objects.exists():
        with connection.cursor() as cursor:
            cursor.execute(f'TRUNCATE "{AuditEntry._meta.db_table}"')
    for model in (Finding, Desired, Mirror, Step, Operation, StoreEvent, Condition, Store, Tenant):
        with connection.cursor() as cursor:
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')  # noqa: S608 - names of our own
    ledger.clear()
