"""The export through the API: the log's filters, parts that join into one file."""

import csv
import json
from io import StringIO
from typing import Any

import pytest

from chalicelib.domain import protocol
from chalicelib.domain.rows import RowName
from chalicelib.domain.setup import Role
from chalicelib.domain.statuses import Kind
from chalicelib.flows.door import request_many
from tests.app.asking import Answered, Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS, STOCK

EXPORT = "/v1/consumers/acme/export.csv"
NEXT, ROWS = "X-Synclog-Next", "X-Synclog-Rows"


def request_products(world: World, count: int, **columns: Any) -> None:
    """Make many Pending rows at once."""
    names = [
        RowName(consumer="acme", flow=PRODUCTS, record=f"P{number:05}") for number in range(count)
    ]
    request_many(
        world.services,
        [
            protocol.Request(name=name, kind=Kind.PRODUCT, by="webhook", columns=columns)
            for name in names
        ],
    )


def read_parts(api: Api, **query: Any) -> list[Answered]:
    """Read an export to its end."""
    parts = [api.get(EXPORT, **query)]
    while parts[-1].status == 200 and NEXT in parts[-1].headers:
        parts.append(api.get(EXPORT, **query, cursor=parts[-1].headers[NEXT]))
    assert {part.status for part in parts} == {200}
    return parts


def lines_of(parts: list[Answered]) -> list[dict[str, str]]:
    """Join parts as a caller does, and read them as a spreadsheet would."""
    text = "".join(part.text for part in parts)
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))


def test_an_export_has_the_consumers_rows_newest_first_with_its_id(api: Api, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name="Red shirt", sku="SKU-1")
    world.advance(minutes=1)
    total = {"amount": "9.90", "currency": "EUR"}
    world.failed("acme", ORDERS, "S1", order_id="S1", total=total)
    world.synced("bistro", PRODUCTS, "P9")

    [part] = read_parts(api)
    order, product = lines_of([part])

    assert {order["consumer"], product["consumer"]} == {"acme"}
    assert (order["kind"], order["total"], order["currency"]) == ("order", "9.90", "EUR")
    assert order["sentence"].endswith("The name is too long.")
    assert (product["name"], product["sku"], product["total"]) == ("Red shirt", "SKU-1", "")
    assert (product["outcome"], product["target_id"]) == ("created", "T-P1")
    assert part.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert part.headers["Content-Disposition"] == 'attachment; filename="acme-log.csv"'
    assert part.headers[ROWS] == "2"


def test_filters_are_those_of_the_log_and_columns_those_of_the_kinds(
    api: Api, world: World
) -> None:
    world.failed("acme", PRODUCTS, "P1", name="One")
    world.synced("acme", PRODUCTS, "P2", name="Two")
    world.failed("acme", STOCK, "P1", name="One")

    [line] = lines_of(read_parts(api, kind="product", status="Failed", code=400))

    assert line["record"] == "P1"
    assert "source" in line
    assert not {"quantity", "total", "currency"} & line.keys()


def test_an_export_without_rows_has_the_names_of_its_columns(api: Api, world: World) -> None:
    nothing = api.get(EXPORT, kind="stock")
    of_no_flow = api.get(EXPORT, kind="refund")

    assert nothing.text.startswith("\ufeffconsumer,flow,kind,record,target_id,name,sku,quantity,")
    assert "credit_id" in of_no_flow.text
    assert (nothing.headers[ROWS], of_no_flow.headers[ROWS]) == ("0", "0")
    assert NEXT not in nothing.headers


def test_a_name_that_is_a_formula_is_defused(api: Api, world: World) -> None:
    world.synced("acme", PRODUCTS, "P1", name='=HYPERLINK("http://x.example","Click")')

    [line] = lines_of(read_parts(api))

    assert line["name"] == '\'=HYPERLINK("http://x.example","Click")'


def test_parts_join_into_one_file_that_holds_each_row_once(api: Api, world: World) -> None:
    request_products(world, 2_100, name="Shirt")

    parts = read_parts(api, kind="product")
    lines = lines_of(parts)

    assert [part.headers[ROWS] for part in parts] == ["2000", "100"]
    assert len({line["record"] for line in lines}) == len(lines) == 2_100
    assert [part.text.startswith("\ufeffconsumer,") for part in parts] == [True, False]


@pytest.mark.parametrize("letter", ["x", "👕", '"'])
def test_no_part_is_more_than_lambda_can_answer(api: Api, world: World, letter: str) -> None:
    locations = [
        {"location": letter * 200, "quantity": str(number), "status": "Synced", "detail": ""}
        for number in range(20)
    ]
    request_products(world, 450, locations=locations, name=letter * 200, sku=letter * 200)

    parts = read_parts(api, kind=["product", "stock"])
    lines = lines_of(parts)

    assert max(len(json.dumps(part.text)) for part in parts) < 6_000_000
    assert len({line["record"] for line in lines}) == len(lines) == 450
    assert all(line["sku"] == letter * 200 for line in lines)
    assert all(line["locations"].count(" Synced") == 20 for line in lines)


def test_a_part_that_finds_nothing_in_time_still_says_how_to_go_on(api: Api, world: World) -> None:
    request_products(world, 10_100)
    world.advance(days=-1)
    world.failed("acme", PRODUCTS, "oldest")

    first, second = read_parts(api, code=400)

    assert first.headers[ROWS] == "0"
    assert [line["record"] for line in lines_of([first, second])] == ["oldest"]


@pytest.mark.parametrize(
    ("query", "field"),
    [({"kind": "tea"}, "kind"), ({"cursor": "x"}, "cursor"), ({"limit": "5"}, "limit")],
    ids=str,
)
def test_what_cannot_be_used_is_named_in_json(api: Api, query: dict[str, Any], field: str) -> None:
    answered = api.get(EXPORT, **query)

    assert (answered.status, answered.fields) == (422, [field])


def test_a_viewer_may_export_its_own_rows_alone(api: Api, world: World) -> None:
    viewer = api.using(world.key("acme", Role.VIEWER))

    assert viewer.get(EXPORT).status == 200
    assert viewer.get("/v1/consumers/bistro/export.csv").status == 404
