"""Every line that a worker writes in a step says whose it is."""

import json
from typing import Any

import pytest

from stores.services import StoreSpec, create_store, request_teardown
from tests.chaos.conftest import MakeRig
from tests.chaos.rig import Plan, Rig
from tests.chaos.waiting import until

FIELDS = ("request_id", "operation", "store", "step", "task", "task_id")


@pytest.fixture(scope="module")
def rig(make_rig: MakeRig) -> Rig:
    """A platform whose lines are for machines."""
    return make_rig(Plan(env={"STOREPLANE_LOG_FORMAT": "json"}))


def lines(rig: Rig, *workers: str) -> list[dict[str, Any]]:
    """What they have written; Celery's banner isn't a line of ours."""
    texts = (process.log.read_text() for process in rig.workers if process.name.startswith(workers))
    return [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]


def test_every_line_of_a_step_carries_its_request_operation_store_step_and_task(rig: Rig) -> None:
    name = rig.name("told")
    store = create_store(rig.tenant(), StoreSpec(name=name), by=None, request_id="r-birth").store
    rig.wait_ready(name)
    request_teardown(store, request_id="r-removal")
    rig.wait_gone(name)

    def of_steps() -> list[dict[str, Any]]:
        written = lines(rig, "provision", "teardown")
        return [line for line in written if line.get("task") or line["logger"].startswith("provisioner.")]

    # The last word of a task comes after its transaction.
    until(lambda: sum(str(line["event"]).startswith("Task ") for line in of_steps()) >= 10, "the tasks' last words")
    assert [line for line in of_steps() if not all(line.get(field) for field in FIELDS)] == []
    assert {line["store"] for line in of_steps()} == {name}
    assert {line["request_id"] for line in of_steps()} == {"r-birth", "r-removal"}


def test_lines_of_the_queue_and_of_requests_lead_to_the_operation(rig: Rig) -> None:
    name = rig.name("queued")
    create_store(rig.tenant(), StoreSpec(name=name), by=None, request_id="r-queued")
    rig.wait_ready(name)

    (admitted,) = (line for line in lines(rig, "events") if line["event"] == "admitted" and line["store"] == name)
    assert admitted["request_id"] == "r-queued"
    assert admitted["operation"] in {line.get("operation") for line in lines(rig, "provision")}
