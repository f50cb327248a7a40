"""Stories of a platform in which everything may happen at any moment, told by Hypothesis.

`SIMULATION_EXAMPLES=2000 pytest tests/simulation/test_machine.py` tells that many stories (two to three seconds each),
where a run of all tests tells a few dozen. With `CI` set the stories are the same in every run. A failure
prints the story's rules, what followed from them, and a line to reproduce it; with `SIMULATION_UNSHRUNK` set, at once
and at full length. `--hypothesis-show-statistics` shows how many stories got how far.
"""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.simulation.machine import StoryMachine

EXAMPLES = int(os.environ.get("SIMULATION_EXAMPLES", "30"))
PHASES = [phase for phase in Phase if phase != Phase.shrink or "SIMULATION_UNSHRUNK" not in os.environ]


@pytest.mark.timeout(0)
@pytest.mark.usefixtures("simulated")
class TestEveryStoryComesToAGoodEnd(StoryMachine.TestCase):
    settings = settings(
        max_examples=EXAMPLES,
        stateful_step_count=40,
        deadline=None,
        derandomize=bool(os.environ.get("CI")),
        print_blob=True,
        phases=PHASES,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
