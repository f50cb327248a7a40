"""What may go wrong next, by name: with a request to the cluster, an action of Helm, a message or the web process."""

from provisioner.cluster import Conflict, Invalid, Throttled, Unavailable
from tests.simulation.cluster import Fault
from tests.simulation.helm import TIMEOUT
from tests.simulation.world import World

_CLUSTER = {
    "unavailable": Fault(Unavailable("The cluster is out of reach.")),
    "answer lost": Fault(Unavailable("The cluster's answer was lost."), late=True),
    "throttled": Fault(Throttled("Too many requests.", retry_after=7)),
    "conflict": Fault(Conflict("Somebody else changed it.", code=409)),
    "invalid": Fault(Invalid("It is not valid.", code=422)),
}
_OVERLOADED, _OVER_QUOTA = "etcdserver: request timed out", "is forbidden: exceeded quota: store"
_HELM = (TIMEOUT, _OVERLOADED, _OVER_QUOTA)
_BROKER, _WEB = "broker away", "web process dies"
_PERMANENT = {"invalid": "Invalid", _OVER_QUOTA: "QuotaExceeded"}

ALL = (*_CLUSTER, *_HELM, _BROKER, _WEB)


def prepare(world: World, what: str) -> None:
    """Let it go wrong at the next occasion."""
    world.tell(f"next fault: {what}")
    if what == _BROKER:
        world.broker.away += 1
    elif what == _WEB:
        world.broker.web_dies = True
    elif what in _CLUSTER:
        world.cluster.faults.append(_CLUSTER[what])
    else:
        world.helm.faults.append(what)


def excused_by(what: str) -> set[str]:
    """The reasons with which a store may be given up because of it."""
    return {_PERMANENT[what]} if what in _PERMANENT else set()
