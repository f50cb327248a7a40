"""The state machine: people wish, workers work, and everything that may go wrong does, in any order."""

from collections.abc import Callable
from itertools import count

from django.conf import settings
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from provisioner.cluster.kinds import NAMESPACE, STORE
from stores import services
from stores.errors import Refused
from stores.models import Store, StoreEvent
from tenants.models import Tenant
from tests.simulation import faults, invariants, quiet
from tests.simulation.broker import Message
from tests.simulation.processes import Killed, Process
from tests.simulation.world import HOSTS, SWEEP, SWEEP_MIRRORS, World

NAMES = ("tea-shop", "owl-shop", "red-shop")
PLANS = ("small", "medium")
_STEP_DEADLINE_SECONDS = 300.0
"""The shortest of the pipelines: a story that lets so much time pass may end in a step's time-out."""

index = st.integers(0, 7)
Wish = Callable[[str], object]


class StoryMachine(RuleBasedStateMachine):
    """One story. Everything random is drawn here; workers' threads only ever do as they are told."""

    def __init__(self) -> None:
        super().__init__()
        self._life = World().open()
        self.world = self._life.__enter__()
        self.tenants = [Tenant.objects.create(slug=slug, name=slug) for slug in ("ann", "bob")]
        self._requests = count(1)
        self._excused: set[str] = set()
        self._passed = 0.0

    @initialize(rounds=st.integers(0, 12), slots=st.integers(1, 2))
    def begin(self, rounds: int, slots: int) -> None:
        """Two stores are asked for; many stories begin when they are there."""
        settings.STOREPLANE_PROVISION_SLOTS = slots
        for tenant, name in enumerate(NAMES[:2]):
            self.create(tenant, name, PLANS[0])
        self.work_on(rounds)

    @rule(tenant=st.sampled_from((0, 1)), name=st.sampled_from(NAMES), plan=st.sampled_from(PLANS))
    def create(self, tenant: int, name: str, plan: str) -> None:
        """Ask for a store."""
        spec = services.StoreSpec(name=name, plan=plan)
        self._ask(lambda request: services.create_store(self.tenants[tenant], spec, by=None, request_id=request))

    @precondition(lambda self: self._living())
    @rule(number=index)
    def delete(self, number: int) -> None:
        """Ask for a store's removal."""
        store = self._store(number)
        self._ask(lambda request: services.request_teardown(store, request_id=request))

    @precondition(lambda self: self._living())
    @rule(number=index)
    def delete_by_kubectl(self, number: int) -> None:
        """Delete the mirror; the sweep takes it for a wish."""
        name = self._store(number).name
        self.world.tell(f"kubectl delete store {name}")
        self.world.objects.mark(STORE, name)
        self.world.broker.messages.append(SWEEP_MIRRORS)

    @precondition(lambda self: self._living())
    @rule(number=index, plan=st.sampled_from(PLANS))
    def change_plan(self, number: int, plan: str) -> None:
        """Ask for another plan."""
        store = self._store(number)
        self._ask(lambda request: services.change_store(store, {"plan": plan}, request_id=request))

    @precondition(lambda self: self._living())
    @rule(number=index, wish=st.sampled_from(("retry", "suspend", "resume", "reconcile")))
    def wish(self, number: int, wish: str) -> None:
        """Ask for one of the verbs that need no more than the store."""
        store = self._store(number)
        self._ask(lambda request: getattr(services, wish)(store, request_id=request))

    @rule(rounds=st.integers(1, 8))
    def work_on(self, rounds: int) -> None:
        """All goes well for a while: stories that never get anywhere tell little."""
        for _ in range(rounds):
            due = self.world.broker.due()[:4]
            for message in due:
                if message in self.world.broker.messages:
                    self.world.run(message)
            self._pass(2.0)

    @precondition(lambda self: self.world.broker.due())
    @rule(number=index, host=st.sampled_from(HOSTS), steps=st.integers(0, 12), again=st.booleans())
    def deliver(self, number: int, host: str, steps: int, again: bool) -> None:
        """A worker takes a message, perhaps one that the broker will deliver `again`."""
        message = self._message(number)
        process = self.world.deliver(message, host)
        if again:
            self.world.tell(f"{message} will come again")
            self.world.broker.messages.append(message)
        self.world.finish(process, steps)

    @precondition(lambda self: self._movable())
    @rule(number=index, steps=st.integers(1, 8))
    def step(self, number: int, steps: int) -> None:
        """A worker goes on for some checkpoints."""
        self.world.finish(self._process(number), steps)

    @precondition(lambda self: self._movable())
    @rule(number=index)
    def finish(self, number: int) -> None:
        """A worker goes on to the end of its message."""
        self.world.finish(self._process(number))

    @precondition(lambda self: self.world.broker.messages)
    @rule(number=index, fate=st.sampled_from(("lost", "last")))
    def mishandle(self, number: int, fate: str) -> None:
        """The broker loses a message, or puts it behind all others."""
        messages = self.world.broker.messages
        message = messages[number % len(messages)]
        self.world.tell(f"{message} is {fate}")
        messages.remove(message)
        if fate == "last":
            messages.append(message)

    @precondition(lambda self: self.world.busy)
    @rule(number=index, given_back=st.booleans())
    def kill(self, number: int, given_back: bool) -> None:
        """A worker dies. Who shares its host knows; others see its heartbeat go stale."""
        self.world.kill(self.world.busy[number % len(self.world.busy)], given_back=given_back)

    @precondition(lambda self: self._movable())
    @rule(number=index)
    def freeze(self, number: int) -> None:
        """A worker, its heartbeat and its Helm stand still.

        Not in the moment between a check of the lease and the act that follows: nothing but a fence in the cluster
        itself could help there, and Kubernetes has none.
        """
        process = self._process(number)
        if not process.about_to_act:
            self.world.tell(f"process {process.pid} freezes at {process.at}")
            process.frozen = True

    @precondition(lambda self: self._movable())
    @rule(number=index, rounds=st.integers(1, 8), host=st.sampled_from(HOSTS))
    def sleep_through(self, number: int, rounds: int, host: str) -> None:
        """A worker is frozen for so long that others take over from it, and finds them at work or done."""
        process = self._process(number)
        self.freeze(self._movable().index(process))
        self._pass(30.0)
        self.world.run(SWEEP, host)
        self.work_on(rounds)
        self.world.thaw(process)

    @precondition(lambda self: any(process.frozen for process in self.world.busy))
    @rule()
    def thaw(self) -> None:
        """The frozen go on."""
        for process in self.world.busy:
            self.world.thaw(process)

    @precondition(lambda self: self._movable())
    @rule(number=index)
    def cut_off(self, number: int) -> None:
        """A worker can't reach the database any more; its Helm goes on."""
        process = self._process(number)
        self.world.tell(f"process {process.pid} is cut off at {process.at}")
        process.cut = True

    @precondition(lambda self: any(process.cut for process in self.world.processes))
    @rule()
    def reconnect(self) -> None:
        """The network is mended."""
        for process in self.world.processes:
            process.cut = False

    @precondition(lambda self: self._movable())
    @rule(number=index, when=st.sampled_from(("before", "after")))
    def lose_commit(self, number: int, when: str) -> None:
        """The answer to a worker's next commit is lost, and the worker can't tell whether it was carried out."""
        process = self._process(number)
        self.world.tell(f"process {process.pid} will lose its connection {when} a commit")
        process.losing = when

    @rule(mirrors=st.booleans(), host=st.sampled_from(HOSTS))
    def sweep(self, mirrors: bool, host: str) -> None:
        """Beat's message comes, and is worked on at once."""
        self.world.run(SWEEP_MIRRORS if mirrors else SWEEP, host)

    @rule(seconds=st.sampled_from((1.0, 6.0, 20.0, 40.0)))
    def pass_time(self, seconds: float) -> None:
        """Time passes."""
        self._pass(seconds)

    @rule(what=st.sampled_from(faults.ALL))
    def go_wrong(self, what: str) -> None:
        """The next request of a worker to the cluster, the next action of Helm or the next message fails."""
        faults.prepare(self.world, what)
        self._excused |= faults.excused_by(what)

    @precondition(lambda self: list(self.world.objects.every(NAMESPACE)))
    @rule(number=index)
    def hold(self, number: int) -> None:
        """Something in a namespace has a finalizer that nobody removes; or now somebody does."""
        names = [each["metadata"]["name"] for each in self.world.objects.every(NAMESPACE)]
        self.world.controllers.stuck ^= {names[number % len(names)]}

    @invariant()
    def nothing_is_wrong(self) -> None:
        """See `invariants.always`."""
        self._refuse(list(invariants.always(self.world)))

    def teardown(self) -> None:
        """Let the story come to its end, and look at what it leaves."""
        try:
            if not self.world.referee.violations:
                self._end()
        finally:
            self._life.__exit__(None, None, None)

    def _end(self) -> None:
        if self._passed > _STEP_DEADLINE_SECONDS:
            self._excused.add("Timeout")
        quiet.settle(self.world)
        # What `--hypothesis-show-statistics` shows: how many stories got how far.
        for type_ in StoreEvent.objects.values_list("type", flat=True).distinct().order_by("type"):
            event(type_)
        self._refuse([*invariants.always(self.world), *invariants.at_rest(self.world, frozenset(self._excused))])

    def _refuse(self, problems: list[str]) -> None:
        if problems:
            note("\n".join(self.world.trace))
        assert not problems, "\n".join(problems)

    def _ask(self, wish: Wish) -> None:
        """Call a service as the web process does; a refusal is an answer like another."""
        request = f"request-{next(self._requests)}"
        try:
            wish(request)
        except Refused as refusal:
            self.world.tell(f"refused: {refusal}")
        except Killed:
            self.world.tell("what it has committed stands")

    def _pass(self, seconds: float) -> None:
        self._passed += seconds
        self.world.pass_time(seconds)

    def _living(self) -> list[Store]:
        return list(Store.objects.not_gone().order_by("pk"))

    def _store(self, number: int) -> Store:
        living = self._living()
        return living[number % len(living)]

    def _movable(self) -> list[Process]:
        return [process for process in self.world.busy if not process.frozen]

    def _process(self, number: int) -> Process:
        movable = self._movable()
        return movable[number % len(movable)]

    def _message(self, number: int) -> Message:
        """Those that carry a step come first, since there are many of the others and less hangs on them."""
        due = sorted(self.world.broker.due(), key=lambda message: "run_link" not in str(message))
        return due[number % len(due)]
