"""The OpenAPI document: committed as it is served, complete, and with examples that are true to it."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from config.problem_types import PREFIX, PROBLEM_TYPES
from tests.services import ROOT

FILE = ROOT / "docs" / "openapi.yaml"
Schema = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Schema:
    loaded: Schema = yaml.safe_load(FILE.read_text())
    return loaded


def operations(document: Schema) -> Iterator[tuple[str, str, Schema]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def resolved(document: Schema, schema: Schema) -> Schema:
    """The schema with the components that it refers to beside it."""
    return {"components": document["components"], **schema}


def test_the_committed_file_is_what_the_code_says(document: Schema) -> None:
    generated = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]

    assert yaml.safe_load(yaml.safe_dump(generated)) == document, (
        "Write it anew: python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"
    )


@pytest.mark.django_db
def test_what_is_served_is_the_committed_file(document: Schema) -> None:
    assert yaml.safe_load(Client().get("/schema").content) == document


def test_it_is_openapi_3_1_with_all_ways_to_say_who_one_is(document: Schema) -> None:
    assert document["openapi"] == "3.1.0"
    assert set(document["components"]["securitySchemes"]) == {"bearer", "userHeader", "session"}


def test_every_operation_has_a_name_a_summary_and_a_text(document: Schema) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]

    assert len(set(names)) == len(names)
    for path, method, operation in operations(document):
        assert 0 < len(operation["summary"]) <= 90, (path, method)
        assert operation["description"], (path, method)
        assert operation["tags"], (path, method)


def test_every_parameter_says_what_it_is_for(document: Schema) -> None:
    mute = [
        (path, method, parameter["name"])
        for path, method, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if parameter["in"] != "path" and len(parameter.get("description", "")) < 4
    ]

    assert mute == []


def test_every_secured_operation_tells_of_401_406_429_and_500(document: Schema) -> None:
    for path, method, operation in operations(document):
        if operation.get("security"):
            assert {"401", "406", "429", "500"} <= set(operation["responses"]), (path, method)
        if "requestBody" in operation:
            assert {"400", "413", "415"} <= set(operation["responses"]), (path, method)


def test_errors_are_problem_documents_with_an_example_of_each_reason(document: Schema) -> None:
    seen = set()
    for path, method, operation in operations(document):
        for code, response in operation["responses"].items():
            if code < "400" or not operation.get("security"):
                continue
            content = response["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}, (path, method, code)
            for reason in content["examples"]:
                assert PROBLEM_TYPES[reason].status == int(code)
                seen.add(reason)

    # A method that an address doesn't have can't be told of at one that it has.
    assert seen == set(PROBLEM_TYPES) - {"method-not-allowed"}


def test_examples_are_true_to_their_schemas(document: Schema) -> None:
    checked = 0
    for _path, _method, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            content = body.get("content", {}).get("application/json", {})
            if "example" in content:
                jsonschema_rs.validate(resolved(document, content["schema"]), content["example"])
                checked += 1
    problem = resolved(document, document["components"]["schemas"]["Problem"])
    for reason, example in document["components"]["examples"].items():
        jsonschema_rs.validate(problem, example["value"])
        assert example["value"]["type"] == PREFIX + reason

    assert checked >= 28


def test_every_json_body_of_the_tenants_world_has_an_example(document: Schema) -> None:
    without = [
        (operation["operationId"], code)
        for _path, _method, operation in operations(document)
        for code, response in operation["responses"].items()
        if code.startswith("2")
        and operation.get("security")
        and "example" not in response.get("content", {}).get("application/json", {"example": None})
    ]

    assert without == [("engines_list", "200"), ("plans_list", "200")]


def test_the_page_for_api_users_lists_every_reason_with_its_status() -> None:
    page = (ROOT / "docs" / "api.md").read_text()

    for reason, kind in PROBLEM_TYPES.items():
        line = next((line for line in page.splitlines() if line.startswith("|") and f"`{reason}`" in line), "")
        assert str(kind.status) in line, reason
