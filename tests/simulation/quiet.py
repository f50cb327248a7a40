"""The end of every story: faults stop, everything is delivered, time passes, until nothing is left to do."""

from django.conf import settings

from provisioner.operations.models import ACTIVE, Operation
from tests.simulation.broker import Link
from tests.simulation.world import HOSTS, SWEEP, SWEEP_MIRRORS, World

_MOST_ROUNDS = 240
_ROUND_SECONDS = 5.0
_MIRRORS_EVERY = 12


def settle(world: World) -> None:
    """Mend everything and let the engine finish. Raises AssertionError when it doesn't within 20 minutes."""
    world.tell("from here on nothing goes wrong")
    mend(world)
    # Longer than anybody leaves alone what has just failed; then the wishes that `kubectl` left in the cluster.
    world.pass_time(2 * _ROUND_SECONDS)
    world.broker.messages.append(SWEEP_MIRRORS)
    for number in range(1, _MOST_ROUNDS):
        work_off(world)
        if not world.broker.messages and not Operation.objects.filter(state__in=ACTIVE).exists():
            break
        world.pass_time(_ROUND_SECONDS)
        # The sweep's period is two rounds.
        if number % 2:
            world.broker.messages.append(SWEEP)
        if number % _MIRRORS_EVERY == 0:
            world.broker.messages.append(SWEEP_MIRRORS)
    # So that owners who were killed just before are silent for long enough to be forgotten.
    world.pass_time(settings.STOREPLANE_STALE_SECONDS + _ROUND_SECONDS)
    world.broker.messages += [SWEEP, SWEEP_MIRRORS]
    work_off(world)


def mend(world: World) -> None:
    """Take back all that the machine has broken."""
    world.cluster.faults.clear()
    world.helm.faults.clear()
    world.controllers.stuck.clear()
    world.broker.away, world.broker.web_dies = 0, False
    for process in world.processes:
        world.thaw(process)
        process.cut, process.losing = False, ""


def work_off(world: World) -> None:
    """Finish what has begun, then deliver whatever is due, one after the other on alternating hosts.

    The same message isn't taken twice: a step that waits sends itself on, and has to see time pass in between.
    """
    for process in world.busy:
        if not process.frozen:
            world.finish(process)
    taken: set[tuple[Link, ...]] = set()
    while due := [message for message in world.broker.due() if message.links not in taken]:
        taken.add(due[0].links)
        world.run(due[0], HOSTS[len(taken) % len(HOSTS)])
