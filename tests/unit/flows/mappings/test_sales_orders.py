"""Order → sales order: every kind of line, taxes, payments, customers, and sums that are wrong."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, Order, SalesOrder
from chalicelib.flows.declare import Showing
from chalicelib.flows.mappings.sales_orders import (
    order_columns,
    sales_order_from_order,
    sold_at,
    sold_items,
    sold_units,
    why_no_sales_order,
)
from tests.unit.flows.mappings.sales import AT, FLOW, line, money, order, payment, planning


def plan(one: Order, **settings: Any) -> SalesOrder:
    return sales_order_from_order(one, planning(**settings))


def refusal(one: Order, **more: Any) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        sales_order_from_order(one, planning(**more))
    return met.value


def total_of(document: SalesOrder) -> Decimal:
    return sum((one.net.amount + one.tax.amount for one in document.lines), Decimal(0))


# --- lines ----------------------------------------------------------------------------------------


def test_line_keeps_net_and_tax_and_gets_product_and_tax_code() -> None:
    (sold,) = plan(order()).lines
    assert (sold.key, sold.product_id, sold.quantity) == ("L1", "1007", Decimal(1))
    assert (sold.net, sold.tax, sold.tax_code) == (money("10.00"), money("2.00"), "T20")
    assert sold.nominal_code == "4000"


@pytest.mark.parametrize("item", ["VAR-UNKNOWN", None], ids=["unmapped", "custom_amount"])
def test_thing_without_a_product_becomes_free_text(item: str | None) -> None:
    (sold,) = plan(order(lines=(line(item_id=item, name="Gift wrap"),))).lines
    assert (sold.product_id, sold.name) == (None, "Gift wrap")


def test_discount_is_in_the_lines_already_and_taken_off_once() -> None:
    reduced = line(net="8.00", tax="1.60", discount=money("2.40"))
    document = plan(order("9.60", lines=(reduced,), discount=money("2.40")))
    assert [one.key for one in document.lines] == ["L1"]
    assert total_of(document) == Decimal("9.60")


def test_service_charge_tip_and_rounding_become_rows_without_a_product() -> None:
    charge = line("S1", "1.00", "0.20", name="Delivery", item_id=None)
    document = plan(
        order(
            "15.18",
            service_charges=(charge,),
            tip=money("2.00"),
            rounding=money("-0.02"),
        ),
        tip_nominal_code="4900",
    )
    rows = {one.key: one for one in document.lines}
    assert list(rows) == ["L1", "S1", "tip", "rounding"]
    named = [(row.name, row.quantity) for row in document.lines[2:]]
    assert named == [("Tip", Decimal(1)), ("Rounding", Decimal(1))]
    assert {rows[key].product_id for key in ("S1", "tip", "rounding")} == {None}
    assert (rows["tip"].net, rows["tip"].tax_code) == (money("2.00"), "T0")
    assert (rows["tip"].nominal_code, rows["rounding"].nominal_code) == ("4900", "4000")
    assert (rows["S1"].tax, rows["S1"].tax_code) == (money("0.20"), "T20")
    assert total_of(document) == document.total.amount


def test_tips_go_with_sales_where_no_other_code_is_given() -> None:
    document = plan(order("14.00", tip=money("2.00")))
    assert document.lines[-1].nominal_code == "4000"


def test_order_in_yen_has_no_decimals() -> None:
    sold = line(net="1000", tax="100", currency="JPY")
    document = plan(order("1100", "JPY", lines=(sold,)))
    assert total_of(document) == 1100
    assert document.total.to_text() == "1100"


# --- sums that are wrong --------------------------------------------------------------------------


def test_lines_that_do_not_add_up_fail_with_both_amounts_and_the_difference() -> None:
    failure = refusal(order("58.71"))
    assert (failure.reason, failure.field) == (Reason.AMOUNTS_DIFFER, "total")
    assert failure.detail == (
        "The lines, charges and tip add up to 12.00 GBP, the total says 58.71 GBP: "
        "a difference of 46.71 GBP."
    )


@pytest.mark.parametrize("name", ["tip", "rounding"])
def test_every_part_of_the_total_counts(name: str) -> None:
    changes: dict[str, Any] = {name: money("0.01")}
    assert refusal(order(**changes)).reason is Reason.AMOUNTS_DIFFER


PARTS = "lines, charges and tip"
OTHERS = {
    "lines": ({"lines": (line(currency="USD"), line(currency="EUR"))}, PARTS, "EUR and USD"),
    "charges": ({"service_charges": (line("S1", "1", "0", currency="EUR"),)}, PARTS, "EUR"),
    "tip": ({"tip": money("1.00", "USD")}, PARTS, "USD"),
    "payments": ({"payments": (payment("12.00", currency="USD"),)}, "payments", "USD"),
}


@pytest.mark.parametrize(("changes", "parts", "other"), OTHERS.values(), ids=OTHERS.keys())
def test_amounts_of_another_currency_are_never_added_to_the_total(
    changes: dict[str, Any], parts: str, other: str
) -> None:
    failure = refusal(order(**changes))
    assert (failure.reason, failure.field) == (Reason.AMOUNTS_DIFFER, "total")
    assert failure.detail == f"The {parts} are in {other}, the total is in GBP."


def test_nothing_is_nothing_in_any_currency() -> None:
    document = plan(order(tip=money("0", "USD"), rounding=money("0", "EUR")))
    assert [one.key for one in document.lines] == ["L1"]


@pytest.mark.parametrize("currency", ["USD", "EUR", "KWD"])
def test_order_keeps_its_own_currency_in_every_amount(currency: str) -> None:
    sold = line(net="10.00", tax="2.00", currency=currency)
    tip = money("0.50", currency)
    document = plan(order("12.50", currency, lines=(sold,), tip=tip))
    amounts = [amount for one in document.lines for amount in (one.net, one.tax)]
    amounts += [document.total, *(one.amount for one in document.payments)]
    assert {amount.currency for amount in amounts} == {currency}


# --- mappings and settings ------------------------------------------------------------------------

UNMAPPED = {
    "warehouse": (order(), "LONDON", "The location LONDON has no warehouse yet."),
    "channel": (order(), "LONDON", "The location LONDON has no sales channel yet."),
    "tax": (order(), "VAT%2020%25", "The tax “VAT 20%” has no tax code yet."),
    "payment_method": (order(), "CARD", "The payment method CARD has no counterpart yet."),
}


@pytest.mark.parametrize(
    ("name", "one", "value", "said"),
    [(name, *case) for name, case in UNMAPPED.items()],
    ids=UNMAPPED.keys(),
)
def test_missing_answer_holds_the_order_under_exactly_that_value(
    name: str, one: Order, value: str, said: str
) -> None:
    failure = refusal(one, without=name)
    assert (failure.reason, failure.detail) == (Reason.NEEDS_MAPPING, said)
    assert failure.cause == f"mapping:{FLOW}:{name}:{value}"


@pytest.mark.parametrize(
    "one",
    [order("10.00", lines=(line(tax="0"),)), order("2.00", lines=(), tip=money("2.00"))],
    ids=["line", "tip"],
)
def test_missing_code_of_no_tax_holds_the_order_under_the_empty_value(one: Order) -> None:
    failure = refusal(one, without="tax")
    assert failure.cause == f"mapping:{FLOW}:tax:"
    assert "give the empty value one" in failure.detail


def test_missing_order_status_holds_the_order_under_that_setting() -> None:
    failure = refusal(order(), order_status=None)
    assert failure.reason is Reason.NEEDS_SETTINGS
    assert failure.cause == f"setting:{FLOW}:order_status"


def test_location_decides_warehouse_and_channel() -> None:
    document = plan(order())
    assert (document.warehouse, document.channel, document.status) == ("2", "9", "3")


def test_price_list_is_that_of_the_setting_or_none() -> None:
    assert (plan(order(), price_list="2").price_list, plan(order()).price_list) == ("2", "")


def test_stock_is_reserved_unless_set_otherwise() -> None:
    assert plan(order()).stock == "reserved"
    assert plan(order(), take_stock="shipped").stock == "shipped"


# --- customers ------------------------------------------------------------------------------------


def test_buyer_with_an_email_address_is_the_customer() -> None:
    buyer = Customer(id="C1", given_name="Ann", email="ann@example.com")
    document = plan(order(customer=buyer), walk_in_customer=None)
    assert (document.customer, document.walk_in_contact) == (buyer, "")
    assert plan(order(customer=buyer)).walk_in_contact == "500"


@pytest.mark.parametrize("buyer", [None, Customer(id="C1", given_name="Ann")])
def test_walk_ins_and_buyers_without_an_address_go_to_the_one_contact(
    buyer: Customer | None,
) -> None:
    document = plan(order(customer=buyer))
    assert (document.customer, document.walk_in_contact) == (None, "500")


def test_walk_in_without_that_setting_holds_the_order() -> None:
    failure = refusal(order(), walk_in_customer=None)
    assert failure.cause == f"setting:{FLOW}:walk_in_customer"


# --- payments and times ---------------------------------------------------------------------------


def test_each_payment_is_kept_with_its_own_id_and_method() -> None:
    payments = (payment("5.00", "P1", "CARD"), payment("7.00", "P2", "CASH"))
    planned = plan(order(payments=payments)).payments
    kept = [(one.key, one.method, one.amount, one.paid_at) for one in planned]
    assert kept == [("P1", "1210", money("5.00"), AT), ("P2", "1200", money("7.00"), AT)]


def test_order_is_placed_when_it_was_closed() -> None:
    closed = AT + timedelta(hours=1)
    assert plan(order(closed_at=closed)).placed_at == closed
    assert plan(order()).placed_at == AT
    assert (sold_at(order(closed_at=closed)), sold_at(order())) == (closed, AT)


def test_reference_is_the_tills_number_else_the_id() -> None:
    assert plan(order(reference="A-17")).reference == "A-17"
    assert (plan(order()).reference, plan(order()).source_id) == ("SALE42", "SALE42")


# --- states ---------------------------------------------------------------------------------------

STATES = {
    "completed": ({"state": "completed"}, True),
    "open_and_paid": ({"state": "open"}, True),
    "open_and_unpaid": ({"state": "open", "payments": ()}, False),
    "open_and_half_paid": ({"state": "open", "payments": (payment("6.00"),)}, False),
    "draft": ({"state": "draft"}, False),
    "return": ({"returns_of": "SALE41"}, False),
}


@pytest.mark.parametrize(("changes", "syncs"), STATES.values(), ids=STATES.keys())
def test_completed_and_paid_orders_are_synced_and_take_goods(
    changes: dict[str, Any], syncs: bool
) -> None:
    one = order(**changes)
    assert (why_no_sales_order(one, planning()) is None) is syncs
    assert bool(sold_units(one)) is syncs


def test_cancelled_order_follows_with_the_status_for_it_and_takes_no_goods() -> None:
    one = order(state="cancelled")
    document = plan(one, cancelled_status="5")
    assert (document.cancelled, document.cancelled_status) == (True, "5")
    assert why_no_sales_order(one, planning()) is None
    assert sold_units(one) == ()


def test_cancelled_order_without_a_status_for_it_is_held() -> None:
    failure = refusal(order(state="cancelled"))
    assert failure.cause == f"setting:{FLOW}:cancelled_status"


def test_goods_of_an_order_are_its_lines_with_an_item() -> None:
    lines = (line(quantity=Decimal("1.5")), line("L2", item_id=None))
    (units,) = sold_units(order(lines=lines))
    assert (units.record, units.item, units.location) == ("SALE42", "VAR1", "LONDON")
    assert (units.quantity, units.sold_at) == (Decimal("1.5"), AT)
    assert sold_items(order(lines=lines)) == ("VAR1",)
    closed = AT + timedelta(hours=1)
    assert [one.sold_at for one in sold_units(order(closed_at=closed))] == [closed]


def test_columns_of_an_order_are_known_before_it_is_planned() -> None:
    buyer = Customer(id="C1", email="ann@example.com")
    columns = order_columns(Showing(record=order(customer=buyer)))
    assert columns == {
        "order_id": "SALE42",
        "target_order_id": None,
        "total": {"amount": "12.00", "currency": "GBP"},
        "source": "Square",
        "email": "ann@example.com",
    }
    assert order_columns(Showing(record=order(), target_id="700"))["target_order_id"] == "700"
    for unknown in (None, Customer(id="C1", given_name="Ann")):
        assert "email" not in order_columns(Showing(record=order(customer=unknown)))
