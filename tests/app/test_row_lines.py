"""Lines of a document have their SKUs, also where the source does not repeat them."""

from typing import Any

from chalicelib.domain.log import Link
from chalicelib.domain.rows import Row
from tests.app.asking import Api
from tests.app.toy_world import World
from tests.app.toys import ORDERS, PRODUCTS


def sell(world: World, *lines: dict[str, Any]) -> Row:
    """Make the row of an order with these lines, as it was read from its source."""
    row = world.synced("acme", ORDERS, "S1", order_id="S1")
    world.services.log.put_snapshots([(row.name, {"id": "S1", "lines": list(lines)})])
    return row


def export(world: World, product: str, item: str, sku: str) -> None:
    """Make the row of a product that is an item at the till."""
    world.synced("acme", PRODUCTS, product, name="Shirt", sku=sku)
    sides = {"platform": "shop", "id": product, "other_platform": "till", "other_id": item}
    world.services.log.put_links([Link(consumer="acme", kind="product", **sides)])


def lines(api: Api, row: Row) -> list[tuple[Any, Any]]:
    shown = api.get(f"/v1/consumers/acme/logs/{row.name.id}").json
    return [(line.get("item_id"), line.get("sku")) for line in shown["record"]["lines"]]


def test_a_line_without_sku_gets_the_one_of_its_product(api: Api, world: World) -> None:
    export(world, "P1", "I1", "SH-1")
    export(world, "P2", "I2", "SH-2")
    row = sell(world, {"item_id": "I2", "sku": ""}, {"item_id": "I1"})
    assert lines(api, row) == [("I2", "SH-2"), ("I1", "SH-1")]


def test_what_the_source_says_stays(api: Api, world: World) -> None:
    export(world, "P1", "I1", "SH-1")
    row = sell(world, {"item_id": "I1", "sku": "OLD-1"}, {"name": "Delivery"}, {"item_id": "I1"})
    assert lines(api, row) == [("I1", "OLD-1"), (None, None), ("I1", "SH-1")]


def test_an_item_nobody_exported_has_none(api: Api, world: World) -> None:
    world.synced("acme", PRODUCTS, "P3", name="No SKU")
    row = sell(world, {"item_id": "I9"}, {"item_id": "I9", "sku": ""})
    assert lines(api, row) == [("I9", None), ("I9", "")]


def test_a_record_without_lines_stays_as_it_is(api: Api, world: World) -> None:
    row = world.synced("acme", PRODUCTS, "P1", sku="SH-1")
    world.services.log.put_snapshots([(row.name, {"id": "P1", "lines": None})])
    shown = api.get(f"/v1/consumers/acme/logs/{row.name.id}").json
    assert shown["record"] == {"id": "P1", "lines": None}


def test_another_merchants_goods_are_not_looked_at(api: Api, world: World) -> None:
    world.synced("bistro", PRODUCTS, "P1", sku="THEIRS")
    link = {"platform": "shop", "id": "P1", "other_platform": "till", "other_id": "I1"}
    world.services.log.put_links([Link(consumer="bistro", kind="product", **link)])
    assert lines(api, sell(world, {"item_id": "I1"})) == [("I1", None)]
