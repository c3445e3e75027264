"""The API's own description: every route is in it, and nothing else."""

import re
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.api.root import all_routes, document
from chalicelib.api.routing import Route
from tests.app.asking import Api


def named(route: Route) -> tuple[str, str]:
    return route.method, route.path


def operations() -> dict[tuple[str, str], Any]:
    return {
        (method.upper(), path): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_the_document_describes_exactly_the_routes_that_chalice_serves() -> None:
    served = {(method, path) for path, methods in app.routes.items() for method in methods}
    of_programs = {pair for pair in served if pair[1].startswith(("/v1/", "/webhooks/"))}
    of_browsers = {pair for pair in served if pair[1].startswith("/connect/")}

    assert of_programs | of_browsers == set(operations())
    assert of_programs == {named(route) for route in all_routes()}
    assert len(of_browsers) == 2


def test_each_operation_has_an_id_of_its_own_a_summary_and_its_parameters() -> None:
    found = operations()
    ids = [operation["operationId"] for operation in found.values()]

    assert len(set(ids)) == len(ids)
    for (_, path), operation in found.items():
        in_path = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
        assert operation["summary"]
        assert in_path == re.findall(r"{(\w+)}", path)


def test_a_parameter_that_repeats_is_a_list() -> None:
    def schema_of(path: str, name: str) -> Any:
        parameters = operations()["GET", f"/v1/consumers/{{consumer}}/{path}"]["parameters"]
        return next(one["schema"] for one in parameters if one["name"] == name)

    assert schema_of("logs", "flow") == {"type": "array", "items": {"type": "string"}}
    assert schema_of("report", "kind")["type"] == "array"
    assert schema_of("diagnosis", "flow") == {"type": "string"}


def test_each_operation_says_which_key_it_needs() -> None:
    open_to_all = {pair for pair, one in operations().items() if one["security"] == []}

    assert open_to_all == {
        ("GET", "/v1/health"),
        ("GET", "/v1/openapi.json"),
        ("GET", "/connect/{platform}/start"),
        ("GET", "/connect/{platform}/callback"),
        ("POST", "/webhooks/{platform}/{token}"),
    }
    for (_, _), operation in operations().items():
        assert bool(operation["security"]) == ("Needs a key" in operation.get("description", ""))


def test_no_shape_of_an_answer_has_room_for_a_credential() -> None:
    connection = document()["components"]["schemas"]["ConnectionAnswer"]["properties"]

    assert connection["credentials"] == {
        "items": {"type": "string"},
        "title": "Credentials",
        "type": "array",
    }


def test_the_document_is_served(api: Api) -> None:
    assert api.using(None).get("/v1/openapi.json").json == document()
