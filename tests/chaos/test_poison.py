"""A step that ends its worker whenever it runs, and with it the steps that the worker carries beside it."""

from tests.chaos.checks import assert_born_once
from tests.chaos.conftest import MakeRig
from tests.chaos.rig import Plan
from tests.chaos.waiting import until

POISON = ("provision-helm",)


def test_a_step_that_ends_its_worker_again_and_again_takes_no_neighbour_with_it(make_rig: MakeRig) -> None:
    # One worker for all three: whenever the poison strikes, it strikes the others too.
    rig = make_rig(Plan(provision_workers=1))
    rig.undisturbed()
    poisonous, *neighbours = (rig.name(what) for what in ("poison", "left", "right"))

    def neighbours_are_ready() -> bool:
        if not rig.orders.waiting(poisonous):
            rig.orders.place(poisonous, POISON, "before-act", "worker")
        phases = rig.phases([poisonous, *neighbours])
        assert "Failed" not in phases.values(), rig.told(poisonous, *neighbours)
        return all(phases[name] == "Ready" for name in neighbours) and len(rig.orders.kills(poisonous)) >= 3

    rig.orders.place(poisonous, POISON, "before-act", "worker")
    rig.ask_for(poisonous, *neighbours)
    until(neighbours_are_ready, lambda: f"the neighbours to be Ready: {rig.told(*neighbours)}")

    struck = len(rig.orders.kills(poisonous))
    for name in neighbours:
        assert_born_once(rig.cluster, name, rig.undisturbed(), helm_kills=struck)
