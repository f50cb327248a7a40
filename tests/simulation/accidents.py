"""What may happen to a worker in the middle of its work, by name."""

from tests.simulation.processes import Process
from tests.simulation.world import World

KILLED, KILLED_AND_NOTICED, FROZEN, CUT_OFF = "killed", "killed and noticed", "frozen", "cut off"
LOSES_BEFORE, LOSES_AFTER, DOUBLED = "loses a commit", "loses the answer to a commit", "doubled"

ALL = (KILLED, KILLED_AND_NOTICED, FROZEN, CUT_OFF, LOSES_BEFORE, LOSES_AFTER, DOUBLED)


def happen(world: World, process: Process, what: str, host: str) -> None:
    """Let it happen to that worker; a double of its message comes to another of that host.

    Nobody is frozen in the moment between a check of the lease and the act that follows: only a fence in the cluster
    itself could help there, and Kubernetes has none. `test_interleavings` tells of a case in which a uid does.
    """
    world.tell(f"process {process.pid} is {what} at {process.at}")
    if what in (KILLED, KILLED_AND_NOTICED):
        world.kill(process, given_back=what == KILLED_AND_NOTICED)
    elif what == FROZEN:
        process.frozen = not process.about_to_act
    elif what == CUT_OFF:
        process.cut = True
    elif what == DOUBLED:
        world.finish(world.deliver(process.message, host), steps=6)
    else:
        process.losing = "before" if what == LOSES_BEFORE else "after"
