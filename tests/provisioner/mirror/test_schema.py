"""The definition of the Store resource, and the documents that are written by it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provisioner.mirror import document
from provisioner.mirror.schema import FINALIZER, crd
from stores.choices import ConditionStatus, DriftPolicy, Phase
from stores.models import Condition, Store, StoreEvent
from tenants.models import Tenant


def schema_of(part: str) -> dict[str, Any]:
    version = crd()["spec"]["versions"][0]
    return dict(version["schema"]["openAPIV3Schema"]["properties"][part]["properties"])


def store(**values: Any) -> Store:
    given = {"name": "shop", "engine": "medusa", "plan": "small", "tenant": Tenant(slug="acme")} | values
    return Store(**given)


def test_the_definition_is_what_the_contract_says() -> None:
    spec = crd()["spec"]

    assert crd()["metadata"]["name"] == "stores.storeplane.dev"
    assert (spec["scope"], spec["names"]["shortNames"], spec["names"]["categories"]) == ("Cluster", ["st"], ["all"])
    version = spec["versions"][0]
    assert version["subresources"] == {"status": {}}
    assert [column["name"] for column in version["additionalPrinterColumns"]] == [
        "Engine",
        "Phase",
        "Ready",
        "URL",
        "Age",
    ]


def test_every_field_that_is_written_is_in_the_definition() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    condition = Condition(
        type="Ready", status=ConditionStatus.TRUE, reason="AllStepsReady", message="", last_transition_time=moment
    )
    event = StoreEvent(pk=7, type="STORE_READY", message="Ready.", phase=Phase.READY, timestamp=moment)

    spec = document.resource(store())["spec"]
    status = document.status(store(phase=Phase.READY), [condition], [event], generation=3)["status"]

    assert set(spec) == set(schema_of("spec"))
    assert set(status) == set(schema_of("status"))
    assert status["conditions"][0]["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert status["conditions"][0]["observedGeneration"] == status["observedGeneration"] == 3
    assert set(status["activityLog"][0]) == set(schema_of("status")["activityLog"]["items"]["properties"])


@pytest.mark.parametrize(("field", "choices"), [("phase", Phase), ("driftPolicy", DriftPolicy)])
def test_closed_sets_are_those_of_the_records(field: str, choices: Any) -> None:
    fields = {**schema_of("spec"), **schema_of("status")}

    assert fields[field]["enum"] == list(choices.values)


def test_the_finalizer_is_there_from_the_first_write() -> None:
    assert document.resource(store())["metadata"]["finalizers"] == [FINALIZER]


def test_the_same_record_gives_the_same_digest() -> None:
    assert document.digest(document.resource(store())) == document.digest(document.resource(store()))
    assert document.digest(document.resource(store())) != document.digest(document.resource(store(plan="large")))


def test_a_store_that_nothing_runs_for_has_no_address() -> None:
    status = document.status(store(engine="woocommerce", phase=Phase.COMING_SOON), [], [], 1)["status"]

    assert (status["url"], status["adminUrl"]) == ("", "")
