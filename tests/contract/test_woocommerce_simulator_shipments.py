"""Parcels, gift cards and settings of the simulated shop, judged by WooCommerce's own client."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from woocommerce import API

from tests.contract.woo_shop import Shop, code, open_shop

NO_ROUTE = (404, "rest_no_route")


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        made.clock.at = datetime.now(UTC)  # the client signs with the time of this machine
        yield made


def client(shop: Shop, version: str = "wc/v3") -> Any:
    """Return the official client; over http it signs its calls."""
    key = shop.merchant.key
    return API(shop.woo.shop_url, key.key, key.secret, version=version, timeout=5)


def meta(shop: Shop, order: dict[str, Any], quantity: int = 1) -> list[dict[str, Any]]:
    items = [{"item_id": order["line_items"][0]["id"], "qty": quantity}]
    return [{"key": "_items", "value": items}, {"key": "_tracking_number", "value": "JD01"}]


def test_fulfilments_are_there_once_the_feature_is_on(shop: Shop) -> None:
    order = shop.order()
    path = f"orders/{order['id']}/fulfillments"
    assert code(client(shop).get(path)) == NO_ROUTE

    shop.woo.fulfilments = True

    assert client(shop).get(path).json() == []
    body = {"status": "fulfilled", "is_fulfilled": True, "meta_data": meta(shop, order)}
    made = client(shop).post(path, body)
    assert (made.status_code, made.json()["status"]) == (201, "fulfilled")
    assert [one["id"] for one in client(shop).get(path).json()] == [made.json()["id"]]


def test_a_fulfilment_needs_pieces_of_the_order(shop: Shop) -> None:
    shop.woo.fulfilments = True
    order = shop.order()
    path = f"orders/{order['id']}/fulfillments"
    assert client(shop).post(path, {"meta_data": []}).status_code == 400
    assert client(shop).post(path, {"meta_data": meta(shop, order, 4)}).status_code == 400


def test_a_written_fulfilment_loses_the_meta_data_that_are_not_named(shop: Shop) -> None:
    shop.woo.fulfilments = True
    order = shop.order()
    path = f"orders/{order['id']}/fulfillments"
    made = client(shop).post(path, {"meta_data": meta(shop, order)}).json()

    changed = client(shop).put(f"{path}/{made['id']}", {"meta_data": meta(shop, order)[:1]})

    assert [one["key"] for one in changed.json()["meta_data"]] == ["_items"]
    assert client(shop).put(f"{path}/999", {}).status_code == 400


@pytest.mark.parametrize(
    ("kind", "space"), [("official", "wc-shipment-tracking/v3"), ("old", "wc-ast/v3")]
)
def test_a_tracking_extension_has_a_namespace_of_its_own(shop: Shop, kind: str, space: str) -> None:
    order = shop.order()["id"]
    path = f"orders/{order}/shipment-trackings"
    assert code(client(shop, space).get(path)) == NO_ROUTE

    shop.woo.tracking = kind

    index = shop.client().get(f"{shop.woo.shop_url}/wp-json/").json()
    assert space in index["namespaces"]
    names = client(shop, space).get("shipment-trackings/providers").json()
    assert "DHL" in names["United Kingdom"]
    body = {"tracking_number": "JD01", "tracking_provider": "DHL", "date_shipped": "2026-03-02"}
    made = client(shop, space).post(path, body).json()
    client(shop, space).post(path, body)
    assert len(client(shop, space).get(path).json()) == 2
    client(shop, space).delete(f"{path}/{made['tracking_id']}")
    assert len(client(shop, space).get(path).json()) == 1


def test_a_tracking_entry_needs_a_number_and_a_carrier_it_knows(shop: Shop) -> None:
    shop.woo.tracking = "official"
    tracker = client(shop, "wc-shipment-tracking/v3")
    path = f"orders/{shop.order()['id']}/shipment-trackings"
    unknown = {"tracking_number": "1", "tracking_provider": "Bike Bob"}
    assert code(tracker.post(path, {})) == (400, "rest_missing_callback_param")
    assert tracker.post(path, unknown).status_code == 400
    assert tracker.delete(f"{path}/none").status_code == 404
    assert shop.client().get(f"{shop.woo.shop_url}/wp-json/wc-other/v1/x").status_code == 404


def test_a_variation_takes_only_options_its_product_has(shop: Shop) -> None:
    path = f"products/{shop.merchant.shirt}/variations/{shop.merchant.sizes['S']}"
    attributes = [{"name": "Size", "option": "M"}, {"name": "Colour", "option": "Red"}]
    shown = client(shop).put(path, {"attributes": attributes}).json()
    assert [one["name"] for one in shown["attributes"]] == ["Size"]


def test_skus_are_compared_in_any_case(shop: Shop) -> None:
    assert shop.ids("products", sku="mug-1") == [shop.merchant.mug]
    refused = client(shop).post("products", {"name": "Mug", "sku": "mug-1"})
    assert code(refused) == (400, "product_invalid_sku")


def test_settings_are_listed_by_group(shop: Shop) -> None:
    shop.woo.world.currency, shop.woo.world.decimals = "JPY", 0
    general = {one["id"]: one["value"] for one in client(shop).get("settings/general").json()}
    tax = {one["id"]: one["value"] for one in client(shop).get("settings/tax").json()}
    assert general["woocommerce_currency"] == "JPY"
    assert general["woocommerce_price_num_decimals"] == "0"
    assert tax == {"woocommerce_prices_include_tax": "no"}
    assert shop.order()["total"] == "36"


def test_cash_on_delivery_is_paid_once_the_order_is_completed(shop: Shop) -> None:
    order = shop.order(payment_method="cod", status="processing")
    assert order["date_paid_gmt"] is None
    done = client(shop).put(f"orders/{order['id']}", {"status": "completed"}).json()
    assert done["date_paid_gmt"] is not None


def test_a_gift_card_lowers_the_total_below_the_lines(shop: Shop) -> None:
    order = shop.order()
    assert "gift_cards" not in order
    shop.woo.controls["use_gift_card"]({"order": order["id"], "amount": "6.00"})
    shown = shop.get(f"orders/{order['id']}")
    assert (shown["total"], shown["gift_cards"][0]["amount"]) == ("30.00", "6.00")


def test_a_server_that_drops_the_header_takes_the_key_in_the_query(shop: Shop) -> None:
    shop.woo.strips_authorization = True
    key = shop.merchant.key
    assert shop.http.get("orders").status_code == 401
    params = {"consumer_key": key.key, "consumer_secret": key.secret}
    assert shop.client().get("orders", params=params).status_code == 200
