"""The definition of the Store resource, and the documents that are written by it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

from provisioner.cluster import Invalid
from provisioner.mirror import document
from provisioner.mirror.document import Facts
from provisioner.mirror.schema import FINALIZER, crd, crd_yaml
from provisioner.mirror.schema_spec import DEFAULTS
from provisioner.mirror.verdicts import Verdict
from provisioner.mirror.wishes import FIELDS, FIXED
from provisioner.operations.models import OperationKind, OperationState
from stores.choices import ConditionStatus, DriftPolicy, Phase
from stores.models import Condition, Store, StoreEvent
from stores.services import CHANGEABLE
from tenants.models import Tenant
from tests.provisioner.factories import StoreFactory, operation
from tests.provisioner.mirror.conftest import Person, Remembered

SHIPPED = Path(settings.ROOT) / "deploy" / "chart" / "crds" / "stores.yaml"
MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def schema_of(part: str) -> dict[str, Any]:
    version = crd()["spec"]["versions"][0]
    return dict(version["schema"]["openAPIV3Schema"]["properties"][part]["properties"])


def store(**values: Any) -> Store:
    given = {"name": "shop", "engine": "medusa", "plan": "small", "tenant": Tenant(slug="acme"), "created_at": MOMENT}
    return Store(**(given | values))


def facts(shown: Store, **more: Any) -> Facts:
    return Facts(**({"store": shown, "conditions": [], "events": [], "generation": 1} | more))


def test_the_chart_ships_the_definition_that_the_code_has() -> None:
    assert SHIPPED.read_text() == crd_yaml(), "run: manage.py crd"
    assert yaml.safe_load(crd_yaml()) == crd()


def test_the_definition_is_what_the_contract_says() -> None:
    spec = crd()["spec"]

    assert crd()["metadata"]["name"] == "stores.storeplane.dev"
    assert (spec["scope"], spec["names"]["shortNames"], spec["names"]["categories"]) == ("Cluster", ["st"], ["all"])
    version = spec["versions"][0]
    assert version["subresources"] == {"status": {}}
    columns = version["additionalPrinterColumns"]
    assert [column["name"] for column in columns if not column.get("priority")] == [
        "Engine",
        "Phase",
        "Ready",
        "URL",
        "Age",
    ]
    assert [column["name"] for column in columns if column.get("priority")] == ["Tenant", "Plan", "Message"]


def test_every_field_has_a_description() -> None:
    def check(schema: dict[str, Any], path: str) -> None:
        assert schema.get("description"), path
        for name, below in schema.get("properties", {}).items():
            check(below, f"{path}.{name}")
        for name, below in schema.get("items", {}).get("properties", {}).items():
            check(below, f"{path}[].{name}")

    check(crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "Store")


def test_every_field_of_the_spec_can_be_changed_or_is_fixed() -> None:
    assert set(schema_of("spec")) == {*FIELDS, *FIXED}
    assert set(FIELDS.values()) == {*CHANGEABLE, "ignore_differences"}
    assert {name: field["default"] for name, field in schema_of("spec").items() if "default" in field} == DEFAULTS


@pytest.mark.django_db
def test_every_field_that_is_written_is_in_the_definition() -> None:
    condition = Condition(
        type="Ready", status=ConditionStatus.TRUE, reason="AllStepsReady", message="", last_transition_time=MOMENT
    )
    event = StoreEvent(pk=7, type="STORE_READY", message="Ready.", phase=Phase.READY, timestamp=MOMENT)
    done = operation(StoreFactory())
    done.finished_at, done.request_id = MOMENT, "r-1"

    spec = document.resource(store())["spec"]
    told = facts(
        store(phase=Phase.READY),
        conditions=[condition],
        events=[event],
        generation=3,
        operation=done,
        explanation="Why.",
        place=2,
    )
    status = document.status(told)["status"]

    assert set(spec) == set(schema_of("spec"))
    assert set(status) == set(schema_of("status"))
    accepted, ready = status["conditions"]
    assert ready["lastTransitionTime"] == accepted["lastTransitionTime"] == "2026-01-02T03:04:05Z"
    assert ready["observedGeneration"] == status["observedGeneration"] == 3
    for part in ("activityLog", "conditions"):
        assert set(status[part][0]) == set(schema_of("status")[part]["items"]["properties"])
    assert set(status["lastOperation"]) == set(schema_of("status")["lastOperation"]["properties"])


@pytest.mark.parametrize(("field", "choices"), [("phase", Phase), ("driftPolicy", DriftPolicy)])
def test_closed_sets_are_those_of_the_records(field: str, choices: Any) -> None:
    fields = {**schema_of("spec"), **schema_of("status")}
    operations = schema_of("status")["lastOperation"]["properties"]

    assert fields[field]["enum"] == list(choices.values)
    assert operations["kind"]["enum"] == list(OperationKind.values)
    assert operations["state"]["enum"] == list(OperationState.values)


def test_the_finalizer_is_there_from_the_first_write() -> None:
    assert document.resource(store())["metadata"]["finalizers"] == [FINALIZER]


def test_the_same_record_gives_the_same_digest_in_any_order_of_conditions() -> None:
    ready = Condition(type="Ready", status="True", reason="R", last_transition_time=MOMENT)
    stalled = Condition(type="Stalled", status="False", reason="S", last_transition_time=MOMENT)
    one, other, third = (
        document.digest(document.status(facts(store(), conditions=conditions))["status"])
        for conditions in ([ready, stalled], [stalled, ready], [ready])
    )

    assert one == other
    assert one != third


def test_a_store_that_nothing_runs_for_has_no_address() -> None:
    status = document.status(facts(store(engine="woocommerce", phase=Phase.COMING_SOON)))["status"]

    assert (status["url"], status["adminUrl"]) == ("", "")


def test_a_refusal_is_shown_with_the_generation_that_it_speaks_of() -> None:
    verdict = Verdict(False, "Conflict", "Generation 2 was refused: no.", 2, "2026-01-02T03:04:05Z")

    accepted = document.status(facts(store(), generation=3, verdict=verdict))["status"]["conditions"][0]

    assert (accepted["type"], accepted["status"], accepted["observedGeneration"]) == ("Accepted", "False", 2)


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("name", "spec", "word"),
    [
        ("ab", {}, "3 to 40 characters"),
        ("1shop", {}, "starts with a letter"),
        ("shop", {"engine": "magento"}, "magento"),
        ("shop", {"plan": "huge"}, "huge"),
        ("shop", {"tenant": "not a slug"}, "spec.tenant"),
        ("shop", {"displayName": "x" * 201}, "spec.displayName"),
        ("shop", {"colour": "red"}, "colour"),
    ],
)
def test_the_api_server_refuses_what_can_never_be(person: Person, name: str, spec: Any, word: str) -> None:
    with pytest.raises(Invalid, match=word):
        person.makes(name, **spec)


@pytest.mark.cluster
@pytest.mark.parametrize("change", [{"engine": "woocommerce"}, {"tenant": "other"}])
def test_engine_and_tenant_stay_once_they_are_set(api: Remembered, person: Person, change: Any) -> None:
    person.makes("shop", tenant="acme")

    with pytest.raises(Invalid, match="can't be changed"):
        person.sets("shop", **change)


@pytest.mark.cluster
def test_a_tenant_can_be_set_once_and_not_be_taken_out(api: Remembered, person: Person) -> None:
    person.makes("shop")
    with_tenant = person.sets("shop", tenant="acme")
    del with_tenant["spec"]["tenant"]

    with pytest.raises(Invalid, match="can't be changed"):
        api.replace(with_tenant)


@pytest.mark.cluster
def test_the_api_server_fills_in_the_defaults(person: Person) -> None:
    assert person.makes("shop")["spec"] == {"engine": "medusa", **DEFAULTS}
