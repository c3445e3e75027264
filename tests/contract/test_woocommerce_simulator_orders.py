"""Orders, notes and customers of the simulated WooCommerce."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from local.platforms.woocommerce.world import Coupon
from tests.contract.woo_shop import Json, Shop, code, open_shop


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as made:
        yield made


FLAT = [{"method_id": "flat_rate", "method_title": "Flat", "total": "5.00"}]


# Amounts


def test_an_order_is_its_lines_and_their_tax(shop: Shop) -> None:
    order = shop.order(shipping_lines=FLAT)

    line = order["line_items"][0]
    assert (line["subtotal"], line["total"], line["total_tax"]) == ("30.00", "30.00", "6.00")
    assert line["taxes"] == [{"id": 1, "total": "6", "subtotal": "6"}]
    assert (line["price"], line["sku"]) == (10, "MUG-1")
    names = ("shipping_total", "shipping_tax", "cart_tax", "total_tax", "total")
    assert [order[name] for name in names] == ["5.00", "1.00", "6.00", "7.00", "42.00"]
    tax = order["tax_lines"][0]
    assert (tax["tax_total"], tax["shipping_tax_total"], tax["rate_percent"]) == (
        "6.00",
        "1.00",
        20,
    )


def test_prices_with_tax_give_lines_without(shop: Shop) -> None:
    shop.woo.world.prices_include_tax = True
    shop.http.put(f"products/{shop.merchant.mug}", json={"regular_price": "12.00"})

    order = shop.order({"product_id": shop.merchant.mug, "quantity": 1})

    line = order["line_items"][0]
    assert (line["total"], line["total_tax"], order["total"]) == ("10.00", "2.00", "12.00")
    assert order["prices_include_tax"] is True


def test_a_forced_price_is_rounded_to_the_decimals_asked_for(shop: Shop) -> None:
    line = {"sku": "MUG-1", "quantity": 1, "subtotal": "10", "total": "8.3333"}
    order = shop.order(line)

    assert (order["line_items"][0]["total"], order["discount_total"]) == ("8.33", "1.67")
    exact = shop.get(f"orders/{order['id']}", dp=4)
    assert exact["line_items"][0]["total"] == "8.3333"


def test_no_tax_is_due_in_another_country(shop: Shop) -> None:
    order = shop.order(shipping={"country": "FR"})

    assert (order["total_tax"], order["tax_lines"]) == ("0.00", [])


def test_fees_are_taxed_and_coupons_lower_the_lines(shop: Shop) -> None:
    shop.woo.world.coupons["ten"] = Coupon(code="ten", kind="percent", amount=Decimal(10))
    order = shop.order(
        fee_lines=[{"name": "Wrapping", "total": "2.00"}], coupon_lines=[{"code": "TEN"}]
    )

    assert (order["line_items"][0]["subtotal"], order["line_items"][0]["total"]) == (
        "30.00",
        "27.00",
    )
    assert (order["discount_total"], order["discount_tax"]) == ("3.00", "0.60")
    assert [(one["code"], one["discount"]) for one in order["coupon_lines"]] == [("ten", "3.00")]
    assert order["fee_lines"][0]["total_tax"] == "0.40"
    assert order["total"] == "34.80"


def test_a_fixed_coupon_is_shared_to_the_penny(shop: Shop) -> None:
    shop.woo.world.coupons["off"] = Coupon(code="off", kind="fixed_cart", amount=Decimal(10))
    rows = [{"product_id": shop.merchant.mug, "quantity": 1} for _ in range(3)]

    order = shop.order(*rows, coupon_lines=[{"code": "off"}])

    assert [one["total"] for one in order["line_items"]] == ["6.67", "6.67", "6.66"]
    unknown = shop.http.post("orders", json={"coupon_lines": [{"code": "nope"}]})
    assert code(unknown) == (400, "woocommerce_rest_invalid_coupon")


# Lines


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ({"quantity": 1}, "woocommerce_rest_required_product_reference"),
        ({"sku": "MUG-1", "quantity": 1.5}, "rest_invalid_param"),
        ({"sku": "MUG-1", "quantity": 1, "total": 8}, "rest_invalid_param"),
    ],
    ids=["no-product", "half-a-piece", "amount-as-number"],
)
def test_a_wrong_line_makes_no_order(shop: Shop, line: Json, wanted: str) -> None:
    assert code(shop.http.post("orders", json={"line_items": [line]})) == (400, wanted)
    assert shop.get("orders") == []


def test_a_line_of_no_pieces_breaks_the_shop(shop: Shop) -> None:
    body = {"line_items": [{"sku": "MUG-1", "quantity": 0}]}

    answer = shop.http.post("orders", json=body)

    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (500, "text/html")
    assert shop.get("orders") == []


def test_an_unknown_product_makes_a_line_without_value(shop: Shop) -> None:
    order = shop.order({"product_id": 999, "quantity": 2})

    assert (order["line_items"][0]["name"], order["total"]) == ("", "0.00")


def test_a_refused_change_of_lines_changes_none(shop: Shop) -> None:
    order = shop.order()
    first = {"id": order["line_items"][0]["id"], "meta_data": [{"key": "_ref", "value": "a"}]}
    path = f"orders/{order['id']}"

    refused = shop.http.put(path, json={"line_items": [first | {"total": "1.00"}, {"id": 999}]})

    assert refused.status_code == 400
    assert shop.get(path) == order


def test_a_new_quantity_alone_leaves_the_old_total(shop: Shop) -> None:
    order = shop.order()
    line = order["line_items"][0]["id"]
    path = f"orders/{order['id']}"

    changed = shop.http.put(path, json={"line_items": [{"id": line, "quantity": 5}], "total": "1"})

    shown = changed.json()
    assert (shown["line_items"][0]["quantity"], shown["total"]) == (5, "36.00")
    stranger = shop.http.put(path, json={"line_items": [{"id": 999, "quantity": 1}]})
    assert code(stranger) == (400, "woocommerce_rest_invalid_item_id")
    gone = shop.http.put(path, json={"line_items": [{"id": line, "quantity": 0}]}).json()
    assert (gone["line_items"], gone["total"]) == ([], "0.00")


# Statuses


def test_a_paid_order_takes_stock_and_a_cancelled_one_gives_it_back(shop: Shop) -> None:
    order = shop.order(set_paid=True)
    path = f"orders/{order['id']}"

    assert (order["status"], order["date_paid_gmt"]) == ("processing", "2026-03-02T09:00:00")
    assert shop.mugs() == 7
    reduced = [one for one in order["line_items"][0]["meta_data"] if one["key"] == "_reduced_stock"]
    assert [one["value"] for one in reduced] == ["3"]
    done = shop.http.put(path, json={"status": "completed"}).json()
    assert done["date_completed_gmt"] == "2026-03-02T09:00:00"
    assert shop.mugs() == 7
    shop.http.put(path, json={"status": "cancelled"})
    assert shop.mugs() == 10


def test_an_unpaid_order_takes_no_stock_and_a_paid_one_may_oversell(shop: Shop) -> None:
    shop.order()
    assert shop.mugs() == 10

    shop.order({"product_id": shop.merchant.mug, "quantity": 50}, status="processing")

    assert shop.mugs() == -40


def test_what_needs_no_sending_is_completed_once_paid(shop: Shop) -> None:
    shop.http.put(f"products/{shop.merchant.mug}", json={"virtual": True})

    unpaid, paid = shop.order(), shop.order(set_paid=True)

    assert (unpaid["needs_payment"], unpaid["is_editable"]) == (True, True)
    assert (paid["status"], paid["needs_payment"]) == ("completed", False)
    assert paid["needs_processing"] is False


def test_an_unknown_status_is_refused_and_a_plugins_is_not(shop: Shop) -> None:
    order = shop.order()
    shop.woo.world.custom_statuses.append("packed")

    refused = shop.http.put(f"orders/{order['id']}", json={"status": "shipped"})

    assert code(refused) == (400, "rest_invalid_param")
    assert "completed" in refused.json()["data"]["params"]["status"]
    packed = shop.http.put(f"orders/{order['id']}", json={"status": "packed"})
    assert packed.json()["status"] == "packed"
    assert "packed" in [one["slug"] for one in shop.get("orders/statuses")]


def test_the_status_refunded_books_a_full_refund(shop: Shop) -> None:
    order = shop.order(set_paid=True)

    done = shop.http.put(f"orders/{order['id']}", json={"status": "refunded"}).json()

    assert [one["total"] for one in done["refunds"]] == ["-36.00"]
    assert shop.woo.world.money_returned == []
    assert shop.mugs() == 7


# Lists and the trash


def test_lists_filter_by_status_origin_customer_and_never_by_meta(shop: Shop) -> None:
    ours = shop.order(created_via="sync", meta_data=[{"key": "_ref", "value": "1"}])["id"]
    paid = shop.order(set_paid=True)["id"]

    assert shop.ids("orders", created_via="sync") == [ours]
    assert shop.ids("orders", status="processing") == [paid]
    assert shop.ids("orders", **{"status[]": "processing"}) == [paid]
    assert shop.ids("orders", customer=0, order="asc", orderby="id") == [ours, paid]
    assert len(shop.ids("orders", meta_key="_ref", meta_value="1")) == 2
    refused = shop.http.get("orders", params={"status": "shipped"})
    assert code(refused) == (400, "rest_invalid_param")


def test_a_status_change_moves_the_date_of_an_order(shop: Shop) -> None:
    first, second = shop.order()["id"], shop.order()["id"]
    since = {"modified_after": "2026-03-02T09:00:00", "dates_are_gmt": True}
    assert shop.ids("orders", **since) == []

    shop.clock.advance(60)
    shop.http.put(f"orders/{first}", json={"status": "on-hold"})

    assert shop.ids("orders", **since) == [first]
    assert shop.ids("orders", orderby="modified", order="asc") == [second, first]


def test_a_trashed_order_leaves_lists_but_not_its_address(shop: Shop) -> None:
    order = shop.order()["id"]
    path = f"orders/{order}"

    assert shop.http.delete(path).json()["status"] == "pending"
    assert shop.get(path)["status"] == "trash"
    assert shop.ids("orders") == []
    assert shop.ids("orders", status="trash") == [order]
    assert shop.http.put(path, json={"status": "processing"}).json()["status"] == "processing"
    shop.http.delete(path, params={"force": "true"})
    unknown = (404, "woocommerce_rest_shop_order_invalid_id")
    assert code(shop.http.get(path)) == unknown
    assert code(shop.http.put(path, json={"status": "completed"})) == unknown


# Notes


def test_notes_tell_what_happened_and_take_more(shop: Shop) -> None:
    path = f"orders/{shop.order(set_paid=True)['id']}/notes"

    made = shop.http.post(path, json={"note": "On its way", "customer_note": True})

    assert made.status_code == 201
    texts = [one["note"] for one in shop.get(path)]
    assert texts == ["On its way", "Order status changed from pending to processing."]
    assert [one["note"] for one in shop.get(path, type="customer")] == ["On its way"]
    missing = shop.http.post(path, json={})
    assert code(missing) == (400, "rest_missing_callback_param")
    assert missing.json()["data"]["params"] == ["note"]


# Customers


def test_an_email_is_required_and_unique(shop: Shop) -> None:
    ann = {"email": "ann@example.com", "billing": {"city": "Bath"}}
    made = shop.http.post("customers", json=ann).json()
    shop.http.post("customers", json={"email": "bob@example.com"})

    assert (made["username"], made["billing"]["city"]) == ("ann", "Bath")
    twin = shop.http.post("customers", json={"email": "ANN@example.com"})
    assert code(twin) == (400, "registration-error-email-exists")
    assert code(shop.http.post("customers", json={})) == (400, "rest_missing_callback_param")
    assert shop.ids("customers", email="ann@example.com") == [made["id"]]


def test_a_customer_has_no_trash(shop: Shop) -> None:
    path = f"customers/{shop.http.post('customers', json={'email': 'a@example.com'}).json()['id']}"

    assert code(shop.http.delete(path)) == (501, "woocommerce_rest_trash_not_supported")
    assert shop.http.delete(path, params={"force": True}).status_code == 200
    assert code(shop.http.get(path)) == (404, "woocommerce_rest_invalid_id")
