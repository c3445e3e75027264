"""Each request leaves one line, with an id that leads to the rows it asked for."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from chalice.local import LambdaContext

from app import app
from chalicelib.domain.platforms import Choice
from chalicelib.ops import logging
from tests.app.asking import Api
from tests.app.toy_world import World, make_settings
from tests.app.toys import PRODUCTS

LOGS = "/v1/consumers/acme/logs"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """What was logged since this was last asked, without Chalice's own lines."""
    logging.configure(make_settings())

    def read() -> list[dict[str, Any]]:
        printed = capsys.readouterr().err.splitlines()
        found = [json.loads(line) for line in printed if line.startswith("{")]
        return [line for line in found if line["message"].count(".") == 1]

    return read


def deliver(api: Api, world: World, body: bytes = b"signed product 7") -> None:
    world.connect("acme", "shop", "till")
    world.switch_on("acme", PRODUCTS, price_list="7")
    connection = world.services.registry.read_connection("acme", "shop")
    assert connection is not None
    api.using(None).send("POST", f"/webhooks/shop/{connection.webhook_token}", body)


def test_an_answer_leaves_one_line_with_its_route(api: Api, world: World, lines: Lines) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    lines()
    api.get(f"{LOGS}/{row.name.id}")

    [line] = lines()
    assert line["message"] == "api.answered"
    assert (line["method"], line["status"], line["consumer"]) == ("GET", 200, "acme")
    assert line["route"] == "/v1/consumers/{consumer}/logs/{row}"
    assert line["duration_ms"] >= 0
    assert line["correlation"]


def test_behind_a_gateway_the_id_is_the_gateways(world: World, lines: Lines) -> None:
    context = {
        "httpMethod": "GET",
        "resourcePath": "/v1/health",
        "requestId": "chosen by the caller",
        "extendedRequestId": "gateway-1",
    }
    event = {
        "requestContext": context,
        "headers": {},
        "pathParameters": None,
        "multiValueQueryStringParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "stageVariables": None,
    }
    app(event, LambdaContext("api_handler", 1024))

    [line] = lines()
    assert (line["route"], line["correlation"]) == ("/v1/health", "gateway-1")


def test_what_a_person_searched_for_is_in_no_line(api: Api, lines: Lines) -> None:
    api.get(LOGS, q="joe.buyer")

    assert "joe" not in json.dumps(lines())


def test_a_request_that_is_refused_leaves_its_line(api: Api, lines: Lines) -> None:
    api.using("no-such-key").get(LOGS)

    assert [(line["message"], line["status"]) for line in lines()] == [("api.answered", 401)]


def test_a_defect_leaves_an_error(api: Api, world: World, lines: Lines) -> None:
    world.connect("acme", "shop", "till")
    # A platform that breaks its promise: what it returns is no choice.
    world.platforms["shop"].choices["categories"] = [Choice(id="1", name=None)]  # type: ignore[arg-type]
    world.held_by_category("acme", "P1", "1")
    answered = api.get(f"/v1/consumers/acme/mappings/{PRODUCTS}/category")

    [line] = [line for line in lines() if line["message"] == "api.failed"]
    assert (line["level"], line["status"]) == ("ERROR", 500)
    assert line["correlation"] == answered.json["error"]["details"]["id"]


def test_a_delivery_leaves_one_line_whose_id_its_row_has(
    api: Api, world: World, lines: Lines
) -> None:
    deliver(api, world)

    [line] = lines()
    assert (line["message"], line["rows"]) == ("webhook.accepted", [f"{PRODUCTS}.7"])
    shown = api.get(f"{LOGS}/{PRODUCTS}.7").json
    assert shown["correlation"] == line["correlation"]


def test_a_refused_delivery_leaves_one_line_without_its_address(
    api: Api, world: World, lines: Lines
) -> None:
    deliver(api, world, b"product 7")
    connection = world.services.registry.read_connection("acme", "shop")

    [line] = lines()
    assert (line["message"], line["why"]) == ("webhook.refused", "signature")
    assert connection is not None
    assert connection.webhook_token not in json.dumps(line)


def test_a_resync_gives_the_row_the_id_of_its_request(api: Api, world: World, lines: Lines) -> None:
    row = world.failed("acme", PRODUCTS, "P1")
    lines()
    api.post(f"{LOGS}/{row.name.id}/resync")

    [line] = lines()
    assert api.get(f"{LOGS}/{row.name.id}").json["correlation"] == line["correlation"]
