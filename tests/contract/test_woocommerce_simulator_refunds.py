"""Refunds of the simulated WooCommerce: what they move, and how little they are guarded."""

from collections.abc import Iterator

import pytest

from tests.contract.woo_shop import Json, Shop, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


def one_mug(order: Json) -> Json:
    """Return a refund of one mug with its tax, mirrored and not paid out."""
    tax = [{"id": 1, "refund_total": 2.0}]
    line = {"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": 10.0}
    return {"reason": "damaged", "api_refund": False, "line_items": [{**line, "refund_tax": tax}]}


def test_a_refund_sums_its_lines_and_puts_stock_back(shop: Shop) -> None:
    order = shop.order(set_paid=True)
    path = f"orders/{order['id']}"

    made = shop.http.post(f"{path}/refunds", json=one_mug(order))

    assert made.status_code == 201
    refund = made.json()
    line = refund["line_items"][0]
    assert (refund["amount"], refund["refunded_payment"]) == ("12.00", False)
    assert (line["quantity"], line["total"], line["total_tax"]) == (-1, "-10.00", "-2.00")
    sold = {"_refunded_item_id": str(order["line_items"][0]["id"])}
    assert {one["key"]: one["value"] for one in line["meta_data"]} == sold
    assert shop.mugs() == 8
    after = shop.get(path)
    assert (after["status"], after["total"]) == ("processing", "36.00")
    assert after["refunds"] == [{"id": refund["id"], "reason": "damaged", "total": "-12.00"}]


def test_a_refund_without_restock_moves_no_stock(shop: Shop) -> None:
    order = shop.order(set_paid=True)

    shop.http.post(f"orders/{order['id']}/refunds", json=one_mug(order) | {"api_restock": False})

    assert shop.mugs() == 7


def test_stock_that_came_back_is_not_taken_or_given_again(shop: Shop) -> None:
    order = shop.order(set_paid=True)
    path = f"orders/{order['id']}"
    shop.http.post(f"{path}/refunds", json=one_mug(order))

    shop.http.put(path, json={"status": "completed"})
    assert shop.mugs() == 8
    shop.http.put(path, json={"status": "cancelled"})
    assert shop.mugs() == 10


def test_money_moves_by_default_where_the_gateway_can(shop: Shop) -> None:
    order = shop.order(set_paid=True, payment_method="stripe")
    path = f"orders/{order['id']}/refunds"

    refused = shop.http.post(path, json={"amount": "5.00"})
    assert code(refused) == (500, "woocommerce_rest_cannot_create_order_refund")
    assert refused.json()["data"] == 500
    assert shop.get(path) == []

    shop.woo.world.refunding_gateways.add("stripe")
    assert shop.http.post(path, json={"amount": "5.00"}).json()["refunded_payment"] is True
    mirror = shop.http.post(path, json={"amount": "5.00", "api_refund": False}).json()
    assert mirror["refunded_payment"] is False
    assert [(number, str(sum_)) for number, sum_ in shop.woo.world.money_returned] == [
        (order["id"], "5.00")
    ]


def test_too_much_and_an_unknown_order_are_500_with_a_number_as_data(shop: Shop) -> None:
    path = f"orders/{shop.order(set_paid=True)['id']}/refunds"

    much = shop.http.post(path, json={"amount": "36.01", "api_refund": False})
    nobody = shop.http.post("orders/999/refunds", json={"api_refund": False})

    assert code(much) == (500, "woocommerce_rest_cannot_create_order_refund")
    assert much.json()["data"] == 500
    assert code(nobody) == (500, "woocommerce_rest_invalid_order_id")
    assert nobody.json()["data"] == 404


def test_the_same_refund_twice_a_strange_line_and_an_empty_one_are_taken(shop: Shop) -> None:
    order = shop.order(set_paid=True)
    path = f"orders/{order['id']}/refunds"

    bodies = (one_mug(order), one_mug(order), {"api_refund": False})
    amounts = [shop.http.post(path, json=one).json()["amount"] for one in bodies]
    strange = {"amount": "3.00", "api_refund": False, "line_items": [{"id": 999, "quantity": 1}]}
    dropped = shop.http.post(path, json=strange).json()

    assert amounts == ["12.00", "12.00", "0.00"]
    assert (dropped["amount"], dropped["line_items"]) == ("3.00", [])
    assert len(shop.get(path)) == 4


def test_a_refund_of_everything_moves_the_status_for_good(shop: Shop) -> None:
    order = shop.order(set_paid=True)
    path = f"orders/{order['id']}"
    body = {"amount": "36.00", "api_refund": False, "meta_data": [{"key": "_ref", "value": "C-9"}]}
    refund = shop.http.post(f"{path}/refunds", json=body).json()

    assert shop.get(path)["status"] == "refunded"
    assert [one["total"] for one in shop.get(path)["refunds"]] == ["-36.00"]
    rows = shop.get("refunds")
    assert [(one["parent_id"], one["meta_data"][0]["value"]) for one in rows] == [
        (order["id"], "C-9")
    ]

    assert shop.http.delete(f"{path}/refunds/{refund['id']}").status_code == 200
    assert (shop.get(path)["status"], shop.get(path)["refunds"]) == ("refunded", [])
    gone = shop.http.get(f"{path}/refunds/{refund['id']}")
    assert code(gone) == (404, "woocommerce_rest_shop_order_refund_invalid_id")


def test_a_refund_moves_the_date_of_its_order(shop: Shop) -> None:
    order = shop.order(set_paid=True)
    shop.clock.advance(30)

    shop.woo.refund(order["id"], amount="1.00")

    assert shop.get(f"orders/{order['id']}")["date_modified_gmt"] == "2026-03-02T09:00:30"
