"""Orders come from the shop as people paid them, and none is lost between two polls."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.records import Order, Role
from chalicelib.domain.statuses import Kind
from local.platforms.woocommerce.world import TaxRate
from tests.contract.woo_connection import Connected, connect

BILLING = {
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@example.com",
    "phone": "0117",
    "address_1": "1 High Street",
    "city": "Leeds",
    "postcode": "LS1",
    "country": "GB",
}


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def adds_up(order: Order) -> bool:
    """Whether lines, charges and rounding are the total to the minor unit."""
    lines = [*order.lines, *order.service_charges]
    gross = sum((line.net.amount + line.tax.amount for line in lines), Decimal(0))
    return gross + order.tip.amount + order.rounding.amount == order.total.amount


def walk(at: Connected, **period: Any) -> list[str]:
    """Return the ids of all changes of a poll, page by page, each page by a fresh platform."""
    since = period.pop("since", at.shop.clock() - timedelta(days=1))
    found: list[str] = []
    page = None
    for _ in range(50):
        answer = at.orders().list_changes(since=since, until=period.get("until"), page=page)
        found += [one.record for one in answer.changes]
        page = answer.page
        if page is None:
            return found
    raise AssertionError("the walk does not end")


def test_a_guests_order_has_lines_taxes_buyer_and_payment(at: Connected) -> None:
    made = at.shop.order(
        {"product_id": int(at.mug), "quantity": 3},
        {"variation_id": int(at.size_m), "quantity": 1},
        shipping_lines=[{"method_id": "flat", "method_title": "Flat", "total": "5.00"}],
        fee_lines=[{"name": "Wrapping", "total": "2.00"}],
        billing=BILLING,
        payment_method="bacs",
        created_via="checkout",
        set_paid=True,
    )

    order = at.order(made["id"])

    assert (order.state, order.status, order.location) == ("completed", "processing", "shop")
    assert [line.item_id for line in order.lines] == [at.mug, at.size_m]
    mugs = order.lines[0]
    assert (mugs.quantity, mugs.net, mugs.tax, mugs.tax_name) == (3, gbp("30"), gbp("6"), "VAT")
    assert [one.role for one in order.service_charges] == [Role.SHIPPING, Role.FEE]
    assert (order.total, adds_up(order)) == (gbp("74.40"), True)
    assert [(one.method, one.amount) for one in order.payments] == [("bacs", gbp("74.40"))]
    buyer = order.customer
    assert (buyer.id, buyer.name, buyer.email) == ("", "Ann Lee", "ann@example.com")
    assert buyer.address["city"] == "Leeds"
    assert (order.reference, order.source, order.is_paid) == (
        str(made["id"]),
        "WooCommerce",
        True,
    )
    assert order.placed_at == at.shop.clock()


@pytest.mark.parametrize(
    ("status", "state", "is_paid"),
    [
        ("pending", "draft", False),
        ("failed", "draft", False),
        ("checkout-draft", "draft", False),
        ("auto-draft", "draft", False),
        ("on-hold", "open", False),
        ("processing", "completed", True),
        ("completed", "completed", True),
        ("packed", "completed", False),
        ("cancelled", "cancelled", False),
    ],
)
def test_a_status_has_its_state(at: Connected, status: str, state: str, is_paid: bool) -> None:
    at.woo.world.custom_statuses.append("packed")
    made = at.shop.order(status=status)

    order = at.order(made["id"])

    assert (order.state, order.status, order.is_paid) == (state, status, is_paid)


def test_an_order_put_on_hold_after_it_was_paid_is_paid(at: Connected) -> None:
    made = at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])
    at.woo.set_order_status(made, "on-hold")

    order = at.order(made)

    assert (order.state, order.is_paid) == ("open", True)


def test_cash_on_delivery_is_paid_when_it_is_done(at: Connected) -> None:
    made = at.woo.buy([{"product_id": int(at.mug), "quantity": 1}], payment_method="cod")
    assert at.order(made).payments == []

    at.woo.set_order_status(made, "completed")

    assert [one.method for one in at.order(made).payments] == ["cod"]


def test_a_coupon_is_in_the_lines_already(at: Connected) -> None:
    at.shop.woo.controls["add_coupon"]({"code": "TEN", "amount": "10"})
    made = at.shop.order(coupon_lines=[{"code": "TEN"}], set_paid=True)

    order = at.order(made["id"])

    line = order.lines[0]
    assert (line.net, line.tax, line.discount) == (gbp("27"), gbp("5.40"), gbp("3"))
    assert (order.discount, order.total, adds_up(order)) == (gbp("3"), gbp("32.40"), True)


def test_a_fee_below_zero_is_a_discount_that_some_plugin_gave(at: Connected) -> None:
    made = at.shop.order(fee_lines=[{"name": "Loyal", "total": "-5.00"}], set_paid=True)
    order = at.order(made["id"])
    assert (order.service_charges[0].net, adds_up(order)) == (gbp("-5"), True)


def test_a_shop_with_prices_that_include_tax_tells_the_same_lines(at: Connected) -> None:
    at.woo.world.prices_include_tax = True
    order = at.order(at.shop.order(set_paid=True)["id"])

    assert (order.lines[0].net, order.lines[0].tax) == (gbp("25"), gbp("5"))
    assert (order.total, adds_up(order)) == (gbp("30"), True)


def test_several_taxes_of_a_line_are_joined_in_one_order(at: Connected) -> None:
    city = TaxRate(id=2, code="C", label="City", percent=Decimal("1.5"), country="GB")
    at.woo.world.rates.append(city)
    order = at.order(at.shop.order(set_paid=True)["id"])
    assert (order.lines[0].tax_name, adds_up(order)) == ("City + VAT", True)


def test_amounts_the_shop_rounds_line_by_line_leave_only_rounding(at: Connected) -> None:
    lines = [
        {"product_id": int(at.mug), "quantity": 1, "subtotal": "8.335", "total": "8.335"}
        for _ in range(3)
    ]
    order = at.order(at.shop.order(*lines, set_paid=True)["id"])

    assert abs(order.rounding.amount) == Decimal("0.01")
    assert adds_up(order)


def test_a_total_that_nothing_explains_is_not_called_rounding(at: Connected) -> None:
    made = at.shop.order(set_paid=True)
    raw = at.shop.get(f"orders/{made['id']}") | {"total": "20.00"}
    at.woo.fail_next(200, path="/orders", body=[raw])

    order = at.order(made["id"])

    assert (order.total, order.rounding, adds_up(order)) == (gbp("20"), gbp("0"), False)


def test_yen_have_no_decimals(at: Connected) -> None:
    at.woo.world.currency, at.woo.world.decimals = "JPY", 0
    made = at.shop.order({"product_id": int(at.mug), "quantity": 100}, set_paid=True)

    order = at.order(made["id"])

    assert (order.total, order.lines[0].net) == (
        Money(Decimal(1200), "JPY"),
        Money(Decimal(1000), "JPY"),
    )
    assert adds_up(order)


def test_a_gift_card_is_a_payment_and_the_total_is_whole(at: Connected) -> None:
    made = at.woo.buy([{"product_id": int(at.mug), "quantity": 3}])
    at.woo.controls["use_gift_card"]({"order": made, "amount": "10.00"})

    order = at.order(made)

    assert (order.total, adds_up(order), order.is_paid) == (gbp("36"), True, True)
    assert [(one.method, one.amount) for one in order.payments] == [
        ("gift_card", gbp("10")),
        ("bacs", gbp("26")),
    ]


def test_an_order_in_the_bin_is_cancelled_and_one_deleted_for_good_is_absent(
    at: Connected,
) -> None:
    made = at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])
    at.shop.http.delete(f"orders/{made}")
    order = at.order(made)
    assert (order.state, order.status) == ("cancelled", "trash")

    at.shop.http.delete(f"orders/{made}", params={"force": True})

    assert at.orders().fetch_many([str(made), "nonsense", ""]) == {}


def test_a_hundred_orders_are_one_call(at: Connected) -> None:
    ids = [str(at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])) for _ in range(100)]
    at.woo.calls.clear()

    assert set(at.orders().fetch_many(ids)) == set(ids)
    assert len(at.woo.calls) == 1


def test_an_order_that_cannot_be_read_does_not_fail_its_neighbours(at: Connected) -> None:
    made = at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])
    good = at.shop.get(f"orders/{made}")
    at.woo.fail_next(200, path="/orders", body=[good, good | {"id": 999, "currency": ""}])

    read = at.orders().fetch_many([str(made), "999"])

    assert isinstance(read[str(made)], Order)
    assert read["999"].error_code == "unreadable"


def test_a_plugins_own_shapes_are_survived(at: Connected) -> None:
    made = at.woo.buy([{"product_id": int(at.mug), "quantity": 1}])
    odd = at.shop.get(f"orders/{made}") | {
        "billing": [],
        "number": 7,
        "meta_data": [{"id": 1, "key": 5, "value": {"a": [1]}}, {"id": 2}],
        "fee_lines": None,
        "transaction_id": 12,
    }
    odd["line_items"][0] |= {"sku": None, "quantity": 1.5, "name": 3}
    at.woo.fail_next(200, path="/orders", body=[odd])

    order = at.order(made)

    assert (order.reference, order.customer) == ("7", None)
    assert (order.lines[0].quantity, order.lines[0].name) == (Decimal("1.5"), "3")


# --- changes --------------------------------------------------------------------------------------


def test_changes_come_oldest_first_with_what_is_known_of_them(at: Connected) -> None:
    first = at.shop.order()["id"]
    at.shop.clock.advance(5)
    second = at.shop.order()["id"]
    at.shop.clock.advance(5)
    at.woo.set_order_status(first, "processing")

    page = at.orders().list_changes(
        since=at.shop.clock() - timedelta(hours=1), until=None, page=None
    )

    assert [one.record for one in page.changes] == [str(second), str(first)]
    change = page.changes[1]
    assert (change.kind, change.updated_at) == (Kind.ORDER, at.shop.clock())
    assert change.version == at.order(first).version
    assert change.columns["total"] == {"amount": "36.00", "currency": "GBP"}


def test_an_order_changed_in_the_second_of_the_cursor_is_listed(at: Connected) -> None:
    at.shop.clock.advance(0.7)
    made = at.shop.order()["id"]
    assert walk(at, since=at.shop.clock()) == [str(made)]
    assert walk(at, since=at.shop.clock() + timedelta(seconds=2)) == []


def test_a_period_ends_with_its_last_second(at: Connected) -> None:
    made = at.shop.order()["id"]
    end = at.shop.clock()
    at.shop.clock.advance(2)
    at.shop.order()
    assert walk(at, until=end) == [str(made)]


def test_an_order_that_moves_while_pages_are_read_takes_no_other_with_it(at: Connected) -> None:
    ids = []
    for _ in range(210):
        ids.append(str(at.shop.order()["id"]))
        at.shop.clock.advance(1)
    since = at.shop.clock() - timedelta(days=1)
    first = at.orders().list_changes(since=since, until=None, page=None)
    for one in ids[:5]:
        at.woo.set_order_status(int(one), "processing")  # they move to the end of the list

    found = [one.record for one in first.changes]
    page = first.page
    while page is not None:
        answer = at.orders().list_changes(since=since, until=None, page=page)
        found += [one.record for one in answer.changes]
        page = answer.page

    assert set(found) == set(ids)


@pytest.mark.parametrize("count", [101, 450])
def test_many_orders_of_one_second_are_all_listed(at: Connected, count: int) -> None:
    ids = {str(at.shop.order()["id"]) for _ in range(count)}
    assert set(walk(at)) == ids


def test_orders_in_the_bin_are_listed_after_the_others(at: Connected) -> None:
    kept, binned = at.shop.order()["id"], at.shop.order()["id"]
    at.shop.http.delete(f"orders/{binned}")
    assert walk(at) == [str(kept), str(binned)]


@pytest.mark.parametrize(("count", "goes_on"), [(100, True), (99, False)])
def test_without_the_header_that_counts_pages_a_full_page_is_not_the_last(
    at: Connected, count: int, goes_on: bool
) -> None:
    row = {"status": "pending", "date_modified_gmt": "2026-03-02T08:00:00"}
    at.woo.fail_next(200, path="/orders", body=[{"id": n + 20, **row} for n in range(count)])

    page = at.orders().list_changes(
        since=at.shop.clock() - timedelta(days=1), until=None, page=None
    )

    assert (len(page.changes), page.page is not None) == (count, goes_on)


def test_a_page_token_that_is_none_of_ours_starts_the_slice_again(at: Connected) -> None:
    for token in ("nonsense", "e30=", "W10="):
        with pytest.raises(Exception, match="read again") as failed:
            at.orders().list_changes(since=at.shop.clock(), until=None, page=token)
        assert failed.value.error_code == "cursor_expired"


def test_sales_are_all_orders_changed_since_with_their_lines(at: Connected) -> None:
    at.shop.order(set_paid=True)
    at.shop.clock.advance(60)
    since = at.shop.clock()
    sold, binned = (at.shop.order(set_paid=True)["id"] for _ in range(2))
    at.shop.http.delete(f"orders/{binned}")

    sales = {order.id: order for order in at.orders().list_sales(since=since)}

    assert {id_: order.state for id_, order in sales.items()} == {
        str(sold): "completed",
        str(binned): "cancelled",
    }
    assert sales[str(sold)].lines[0].item_id == at.mug
