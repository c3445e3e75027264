"""Brightpearl's payloads become canonical records, whatever is missing or new in them."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.brightpearl.mapping import to_prices, to_product, to_stock_level
from chalicelib.connectors.brightpearl.models import (
    AvailabilityModel,
    OrderModel,
    PriceModel,
    ProductModel,
    WebhookModel,
    format_time,
    read_as,
)
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Product

PAYLOADS = Path(__file__).parents[3] / "payloads" / "brightpearl"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def product(name: str) -> ProductModel:
    found = payload(name)
    return read_as(ProductModel, found["response"][0] if "response" in found else found, "it")


def test_variant_is_mapped() -> None:
    mug = to_product(product("product_variant"), {}, {"310": "Mugs"})
    assert mug == Product(
        id="2044",
        name="Mug",
        sku="MUG-RED",
        barcode="2000000000008",
        group_id="31",
        variant_name="Red",
        options={"Colour": "Red"},
        category_id="310",
        category_name="Mugs",
        description_html="<p>A mug</p>",
        tracked=True,
        source="Brightpearl",
        updated_at=datetime(2026, 7, 2, 11, 30, tzinfo=UTC),
        version=1_782_991_800_000,
    )


def test_options_keep_their_order_and_empty_ones_are_left_out() -> None:
    variations = [
        {"optionName": "Size", "optionValue": "M"},
        {"optionName": "Colour", "optionValue": "Red"},
        {"optionName": "Fit", "optionValue": ""},
        {"optionName": "", "optionValue": "Long"},
    ]
    shirt = to_product(read_as(ProductModel, {"id": 7, "variations": variations}, "it"), {}, {})
    assert list(shirt.options.items()) == [("Size", "M"), ("Colour", "Red")]
    assert shirt.variant_name == "M / Red / Long"


def test_times_are_kept_in_utc_whatever_their_offset() -> None:
    body = {"id": 7, "updatedOn": "2026-07-02T05:30:00.000-06:00"}
    updated_at = to_product(read_as(ProductModel, body, "it"), {}, {}).updated_at
    assert str(updated_at) == "2026-07-02 11:30:00+00:00"


@pytest.mark.parametrize("time", ["yesterday", "2026-07-02T05:30:00", "0001-01-01T00:00:00+14:00"])
def test_time_that_cannot_be_read_is_told(time: str) -> None:
    with pytest.raises(SyncFailure) as caught:
        read_as(ProductModel, {"id": 7, "updatedOn": time}, "product 7")
    assert caught.value.field == "updatedOn"


def test_product_with_next_to_nothing_is_mapped() -> None:
    bare = to_product(product("connector/product_bare"), {}, {})
    assert (bare.name, bare.sku, bare.barcode) == ("Plain & simple", "BARE", "5000000000012")
    assert (bare.group_id, bare.variant_name, bare.category_name) == (None, "", "")
    assert bare.description_html == "5 &lt; 6"
    assert (bare.tracked, bare.archived, bare.version) == (False, False, None)


def test_product_that_is_only_an_id_is_mapped() -> None:
    assert to_product(read_as(ProductModel, {"id": 7}, "it"), {}, {}).name == ""


@pytest.mark.parametrize(
    ("status", "archived"),
    [("LIVE", False), ("ARCHIVED", True), ("DISCONTINUED", False), ("", False)],
)
def test_only_archived_products_are_put_away(status: str, archived: bool) -> None:
    model = read_as(ProductModel, {"id": 7, "status": status}, "it")
    assert to_product(model, {}, {}).archived is archived


def test_own_sales_channel_names_the_product() -> None:
    channels = [
        {"salesChannelName": "Web", "productName": "Web mug"},
        {"salesChannelName": "Brightpearl", "productName": "Mug"},
    ]
    model = read_as(ProductModel, {"id": 7, "salesChannels": channels}, "it")
    assert to_product(model, {}, {}).name == "Mug"


def test_price_is_that_of_one_piece_and_an_empty_list_has_none() -> None:
    model = read_as(PriceModel, payload("price_break")["response"][0], "prices")
    assert to_prices(model) == {"2": Money(Decimal("10.0000"), "GBP")}


@pytest.mark.parametrize("by_quantity", [[], {}, None, {"10": "9.00"}])
def test_no_price_of_one_piece_is_no_price(by_quantity: Any) -> None:
    entry = {"priceListId": 2, "currencyCode": "GBP", "quantityPrice": by_quantity}
    model = read_as(PriceModel, {"productId": 7, "priceLists": [entry]}, "prices")
    assert to_prices(model) == {}


def test_price_given_as_a_number_keeps_its_pennies() -> None:
    entry = {"priceListId": 2, "currencyCode": "GBP", "quantityPrice": {"1": 10.1}}
    model = read_as(PriceModel, {"productId": 7, "priceLists": [entry]}, "prices")
    assert to_prices(model)["2"].amount == Decimal("10.1")


def test_stock_is_what_is_on_hand_by_warehouse() -> None:
    entry = payload("availability_allocated")["response"]["2044"]
    level = to_stock_level(
        product("product_variant"), read_as(AvailabilityModel, entry, "the stock")
    )
    assert dict(level.on_hand) == {"2": Decimal(20)}
    assert (level.product_id, level.name, level.sku) == ("2044", "Mug", "MUG-RED")


def test_product_without_figures_is_not_tracked() -> None:
    level = to_stock_level(product("product_variant"), None)
    assert (level.tracked, dict(level.on_hand)) == (False, {})


def test_figures_of_an_untracked_product_are_left() -> None:
    found = AvailabilityModel.model_validate({"warehouses": {"2": {"onHand": 5}}})
    assert dict(to_stock_level(product("connector/product_bare"), found).on_hand) == {}


def test_bundle_has_no_stock_of_its_own_whatever_it_says() -> None:
    body = {"id": 7, "stock": {"stockTracked": True}, "composition": {"bundle": True}}
    assert not to_product(read_as(ProductModel, body, "it"), {}, {}).tracked


def test_order_with_odd_shapes_is_read() -> None:
    order = read_as(OrderModel, payload("connector/order_odd_shapes"), "it")
    assert (order.id, order.rows, order.invoice, order.payment_status) == (
        "501",
        {},
        "",
        "A_NEW_ONE",
    )


def test_order_is_read() -> None:
    order = read_as(OrderModel, payload("order_part_paid")["response"][0], "it")
    row = order.rows["9001"]
    assert (order.external_ref, order.instance_id) == ("SALE-1", "77")
    assert order.totals.total == 20
    assert (row.product_id, row.quantity.magnitude, row.external_ref) == ("2044", 2, "LINE-1")
    assert (row.value.net.value, row.value.tax.value) == (Decimal("16.67"), Decimal("3.33"))


@pytest.mark.parametrize(
    ("value", "field"),
    [([], "the whole"), ({}, "id"), ({"id": True}, "id"), ({"id": 1, "identity": 5}, "identity")],
)
def test_payload_that_cannot_be_read_names_the_field(value: Any, field: str) -> None:
    with pytest.raises(SyncFailure) as caught:
        read_as(ProductModel, value, "product 7")
    assert (caught.value.reason, caught.value.field) == (Reason.UNSUPPORTED, field)
    assert "product 7" in caught.value.detail


def test_times_are_written_in_utc() -> None:
    at = datetime.fromisoformat("2026-07-02T12:30:00+01:00")
    assert format_time(at) == "2026-07-02T11:30:00.000Z"


def test_webhook_with_nothing_but_an_id_is_read() -> None:
    assert read_as(WebhookModel, {"id": 1}, "it").subscribe_to == ""
