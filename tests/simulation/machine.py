"""The state machine: people wish, workers work, and everything that may go wrong does, in any order."""

from collections.abc import Callable
from itertools import count
from typing import Any

from django.conf import settings
from hypothesis import event, note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from provisioner.cluster.kinds import NAMESPACE, STORE
from stores import services
from stores.errors import Refused
from stores.models import Store, StoreEvent
from tenants.models import Tenant
from tests.simulation import accidents, faults, invariants, quiet
from tests.simulation.broker import Message
from tests.simulation.processes import Killed, Process
from tests.simulation.world import HOSTS, SWEEP, SWEEP_MIRRORS, World

NAMES = ("tea-shop", "owl-shop", "red-shop")
PLANS = ("small", "medium", "large")
WISHES = (*PLANS, "request_teardown", "kubectl delete", "retry", "suspend", "resume", "reconcile")
LOST, LAST = "lost", "put behind all others"
SWEEPS = {"no sweep": (), "sweep": (SWEEP,), "sweep of mirrors": (SWEEP_MIRRORS,)}
_STEP_DEADLINE_SECONDS = 300.0
"""The shortest of the pipelines: a story that lets so much time pass may end in a step's time-out."""

index = st.integers(0, 7)

HAPPENINGS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "create": {"tenant": st.sampled_from((0, 1)), "name": st.sampled_from(NAMES), "plan": st.sampled_from(PLANS)},
    "wish": {"number": index, "wish": st.sampled_from(WISHES)},
    "work_on": {"rounds": st.integers(1, 4)},
    "deliver": {
        "links": st.integers(0, 6),
        "number": index,
        "host": st.sampled_from(HOSTS),
        "steps": st.integers(0, 12),
    },
    "go_on": {"number": index, "steps": st.sampled_from((1, 2, 3, 5, 8, 1_000))},
    "accident": {
        "number": index,
        "what": st.sampled_from(accidents.ALL),
        "host": st.sampled_from(HOSTS),
        "rounds": st.integers(0, 6),
    },
    "go_wrong": {"what": st.sampled_from((*faults.ALL, LOST, LAST)), "number": index},
    "hold": {"number": index},
    "recover": {},
    "pass_time": {"seconds": st.sampled_from((1.0, 6.0, 30.0)), "sweep": st.sampled_from(sorted(SWEEPS))},
}
"""What may happen, each a method of the machine with its arguments."""

OFTEN = ("wish", "wish", "deliver", "deliver", "deliver", "accident", "accident")
happenings = st.sampled_from((*HAPPENINGS, *OFTEN)).flatmap(
    lambda name: st.tuples(st.just(name), st.fixed_dictionaries(HAPPENINGS[name]))
)


class StoryMachine(RuleBasedStateMachine):
    """One story. Everything random is drawn here; workers' threads only ever do as they are told.

    There is one rule for all that may happen: Hypothesis leaves rules out of each story, and most happenings lead to
    nothing without the others.
    """

    def __init__(self) -> None:
        super().__init__()
        self._life = World().open()
        self.world = self._life.__enter__()
        self.tenants = [Tenant.objects.create(slug=slug, name=slug) for slug in ("ann", "bob")]
        self._requests = count(1)
        self._excused: set[str] = set()
        self._passed = 0.0

    @initialize(rounds=st.sampled_from((0, 1, 2, 4, 12)), slots=st.integers(1, 2))
    def begin(self, rounds: int, slots: int) -> None:
        """Two stores are asked for; many stories begin when they are there."""
        settings.STOREPLANE_PROVISION_SLOTS = slots
        for tenant, name in enumerate(NAMES[:2]):
            self.create(tenant, name, PLANS[0])
        self.work_on(rounds)

    @rule(happening=happenings)
    def next(self, happening: tuple[str, dict[str, Any]]) -> None:
        """Something happens."""
        name, arguments = happening
        getattr(self, name)(**arguments)

    def create(self, tenant: int, name: str, plan: str) -> None:
        """Ask for a store."""
        spec = services.StoreSpec(name=name, plan=plan)
        self._ask(lambda request: services.create_store(self.tenants[tenant], spec, by=None, request_id=request))

    def wish(self, number: int, wish: str) -> None:
        """Ask for something for a store that is there."""
        living = list(Store.objects.not_gone().order_by("pk"))
        if not living:
            return
        store = living[number % len(living)]
        if wish == "kubectl delete":
            self.world.tell(f"kubectl delete store {store.name}")
            self.world.objects.mark(STORE, store.name)
            self.world.broker.messages.append(SWEEP_MIRRORS)
        elif wish in PLANS:
            self._ask(lambda request: services.change_store(store, {"plan": wish}, request_id=request))
        else:
            self._ask(lambda request: getattr(services, wish)(store, request_id=request))

    def work_on(self, rounds: int) -> None:
        """All goes well for a while: stories that never get anywhere tell little."""
        for _ in range(rounds):
            for message in self.world.broker.due()[:4]:
                if message in self.world.broker.messages:
                    self.world.run(message)
            self._pass(2.0)

    def deliver(self, links: int, number: int, host: str, steps: int) -> None:
        """Some messages are worked off; of the next its worker only does a part."""
        for _ in range(links):
            if self.world.broker.due():
                self.world.run(self._message(0), host)
        if self.world.broker.due():
            self.world.finish(self.world.deliver(self._message(number), host), steps)

    def go_on(self, number: int, steps: int) -> None:
        """A worker goes on for some checkpoints, or to the end of its message."""
        if process := self._process(number):
            self.world.finish(process, steps)

    def accident(self, number: int, what: str, host: str, rounds: int) -> None:
        """Something happens to a worker, and time passes in which others may notice."""
        if process := self._process(number):
            accidents.happen(self.world, process, what, host)
            if rounds:
                self._pass(5.0 * rounds)
                self.world.run(SWEEP, host)
                self.work_on(rounds)

    def go_wrong(self, what: str, number: int) -> None:
        """The next request to the cluster, action of Helm or message fails; or one that was sent is mishandled."""
        messages = self.world.broker.messages
        if what in faults.ALL:
            faults.prepare(self.world, what)
            self._excused |= faults.excused_by(what)
        elif messages:
            message = messages.pop(number % len(messages))
            self.world.tell(f"{message} is {what}")
            messages += [message] if what == LAST else []

    def hold(self, number: int) -> None:
        """Something in a namespace has a finalizer that nobody removes; or now somebody does."""
        names = [each["metadata"]["name"] for each in self.world.objects.every(NAMESPACE)]
        if names:
            self.world.controllers.stuck ^= {names[number % len(names)]}

    def recover(self) -> None:
        """The frozen go on, and who was cut off is back."""
        for process in self.world.processes:
            process.cut = False
            self.world.thaw(process)

    def pass_time(self, seconds: float, sweep: str) -> None:
        """Time passes, and perhaps beat's message comes and is worked on."""
        self._pass(seconds)
        for message in SWEEPS[sweep]:
            self.world.run(message)

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

    def _ask(self, wish: Callable[[str], object]) -> None:
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

    def _process(self, number: int) -> Process | None:
        """One that can move; owners of a step first, since most that can go wrong goes wrong with them."""
        movable = [process for process in self.world.busy if not process.frozen]
        movable.sort(key=lambda process: process.lease is None)
        return movable[number % len(movable)] if movable else None

    def _message(self, number: int) -> Message:
        """One that is due; those that carry a step first, since less hangs on the many others."""
        due = sorted(self.world.broker.due(), key=lambda message: "run_link" not in str(message))
        return due[number % len(due)]
