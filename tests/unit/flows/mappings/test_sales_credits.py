"""Refund → sales credit: lines, sums, what it gives back, and whose answers it uses."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Customer, Refund, Role, SalesCredit
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.sales_credits import (
    refund_columns,
    refunded_at,
    returned_items,
    returned_order,
    sales_credit_from_refund,
    why_no_sales_credit,
)
from tests.unit.flows.mappings.sales import answers, line, money, payment

FLOW = "square-refunds-to-brightpearl@square-2"
ORDERS = "square-orders-to-brightpearl@square-2"
AT = datetime(2026, 3, 4, 9, tzinfo=UTC)
BUYER = Customer(id="C1", given_name="Ann", email="ann@example.com")


def refund(total: str = "12.00", currency: str = "GBP", **changes: Any) -> Refund:
    defaults: dict[str, Any] = {
        "id": "R1",
        "order_id": "SALE42",
        "location": "LONDON",
        "refunded_at": AT,
        "updated_at": AT,
        "version": 1,
        "lines": (line(),),
        "tip": money("0", currency),
        "rounding": money("0", currency),
        "total": money(total, currency),
        "payments": (payment(total, "RP1", currency=currency),),
        "source": "Square",
    }
    return Refund(**{**defaults, **changes})


def planning(without: str = "", shared: dict[str, Any] | None = None, **changes: Any) -> Planning:
    settings = {"walk_in_customer": "500", "sales_nominal_code": "4000", **(shared or {})}
    defaults: dict[str, Any] = {
        "flow": FLOW,
        "target_connection": "brightpearl",
        "settings": {},
        "mappings": answers(without, flow=ORDERS),
        "linked": {"VAR1": "1007"},
        "owners": {"SALE42": "700"},
        "shared_flow": ORDERS,
        "shared_settings": {name: one for name, one in settings.items() if one is not None},
    }
    return Planning(**{**defaults, **changes})


def plan(one: Refund, **changes: Any) -> SalesCredit:
    return sales_credit_from_refund(one, planning(**changes))


def refusal(one: Refund, **changes: Any) -> SyncFailure:
    with pytest.raises(SyncFailure) as met:
        plan(one, **changes)
    return met.value


def total_of(credit: SalesCredit) -> Decimal:
    return sum((one.net.amount + one.tax.amount for one in credit.lines), Decimal(0))


# --- lines and sums -------------------------------------------------------------------------------


def test_credit_stands_below_the_order_that_is_given_back() -> None:
    credit = plan(refund())
    assert (credit.order_id, credit.source_id, credit.reference) == ("700", "R1@square-2", "R1")
    assert (credit.warehouse, credit.channel, credit.placed_at) == ("2", "9", AT)
    assert plan(refund(reference="RMA-7")).reference == "RMA-7"


def test_line_of_a_refund_keeps_its_product_net_tax_and_codes() -> None:
    (back,) = plan(refund()).lines
    assert (back.key, back.product_id, back.quantity) == ("L1", "1007", Decimal(1))
    assert (back.net, back.tax) == (money("10.00"), money("2.00"))
    assert (back.tax_code, back.nominal_code) == ("T20", "4000")


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP"])
def test_refund_keeps_its_own_currency_in_every_amount(currency: str) -> None:
    lines = (line(currency=currency),)
    credit = plan(refund("12.50", currency, lines=lines, tip=money("0.50", currency)))
    amounts = [amount for one in credit.lines for amount in (one.net, one.tax)]
    amounts += [credit.total, *(one.amount for one in credit.payments)]
    assert {amount.currency for amount in amounts} == {currency}
    assert total_of(credit) == credit.total.amount


def test_refund_in_yen_has_no_decimals() -> None:
    credit = plan(refund("1100", "JPY", lines=(line(net="1000", tax="100", currency="JPY"),)))
    assert total_of(credit) == 1100
    assert credit.total.to_text() == "1100"


@pytest.mark.parametrize(
    ("net", "tax"), [("12.00", "0"), ("10.00", "2.00")], ids=["without_tax", "with_tax"]
)
def test_net_and_tax_stay_apart_whether_or_not_prices_held_tax(net: str, tax: str) -> None:
    (back,) = plan(refund(lines=(line(net=net, tax=tax),))).lines
    assert (back.net, back.tax) == (money(net), money(tax))
    assert back.tax_code == ("T20" if Decimal(tax) else "T0")


def test_tip_and_negative_rounding_become_rows_without_a_product() -> None:
    one = refund("13.98", tip=money("2.00"), rounding=money("-0.02"))
    credit = plan(one, shared={"tip_nominal_code": "4900"})
    rows = [(row.key, row.product_id, row.net, row.nominal_code) for row in credit.lines]
    assert rows == [
        ("L1", "1007", money("10.00"), "4000"),
        ("tip", None, money("2.00"), "4900"),
        ("rounding", None, money("-0.02"), "4000"),
    ]
    assert [row.name for row in credit.lines] == ["Mug", "Tip", "Rounding"]
    assert total_of(credit) == credit.total.amount


def test_tips_given_back_go_with_sales_where_no_other_code_is_given() -> None:
    assert plan(refund("14.00", tip=money("2.00"))).lines[-1].nominal_code == "4000"


ROLES = {
    Role.GOODS: "4000",
    Role.SHIPPING: "4040",
    Role.FEE: "4050",
    Role.GIFT_CARD: "2110",
}


@pytest.mark.parametrize(("role", "code"), ROLES.items(), ids=[role.value for role in ROLES])
def test_line_is_booked_to_the_code_that_the_orders_have_for_its_role(
    role: Role, code: str
) -> None:
    shared = {
        "shipping_nominal_code": "4040",
        "fee_nominal_code": "4050",
        "gift_card_nominal_code": "2110",
    }
    one = refund(lines=(line(role=role, item_id=None),))
    assert plan(one, shared=shared).lines[0].nominal_code == code
    assert plan(one).lines[0].nominal_code == "4000"


@pytest.mark.parametrize("item", ["VAR-UNKNOWN", None], ids=["unmapped", "amount_only"])
def test_what_has_no_product_becomes_free_text(item: str | None) -> None:
    (back,) = plan(refund(lines=(line(item_id=item, name="Refund without goods"),))).lines
    assert (back.product_id, back.name) == (None, "Refund without goods")


def test_lines_that_do_not_add_up_fail_with_both_amounts_and_the_difference() -> None:
    failure = refusal(refund("58.71"))
    assert (failure.reason, failure.field) == (Reason.AMOUNTS_DIFFER, "total")
    assert failure.detail == (
        "The lines and the tip of the refund add up to 12.00 GBP, the total says 58.71 GBP: "
        "a difference of 46.71 GBP."
    )


@pytest.mark.parametrize("name", ["tip", "rounding"])
def test_every_part_of_the_total_counts(name: str) -> None:
    assert refusal(refund(**{name: money("-0.01")})).reason is Reason.AMOUNTS_DIFFER


OTHERS = {
    "lines": {"lines": (line(currency="USD"),)},
    "rounding": {"rounding": money("1.00", "USD")},
    "payments": {"payments": (payment("12.00", currency="USD"),)},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS.keys())
def test_amounts_of_another_currency_are_never_added_to_the_total(changes: dict[str, Any]) -> None:
    failure = refusal(refund(**changes))
    assert failure.reason is Reason.AMOUNTS_DIFFER
    assert "USD, the total is in GBP" in failure.detail


# --- payments -------------------------------------------------------------------------------------


def test_each_way_the_money_went_back_is_kept_with_its_own_id_and_method() -> None:
    ways = (payment("5.00", "RP1", "CARD"), payment("7.00", "RP2", "CASH"))
    kept = [(one.key, one.method, one.amount) for one in plan(refund(payments=ways)).payments]
    assert kept == [("RP1", "1210", money("5.00")), ("RP2", "1200", money("7.00"))]


def test_goods_taken_back_as_payment_are_a_method_that_the_merchant_answers() -> None:
    one = refund(payments=(payment("12.00", "X1", "EXCHANGE"),))
    failure = refusal(one)
    assert failure.cause == f"mapping:{ORDERS}:payment_method:EXCHANGE"
    table = MappingTable(
        consumer="c", flow=ORDERS, name="payment_method", entries={"EXCHANGE": "1299"}
    )
    given = planning()
    answered = {**given.mappings, "payment_method": table}
    (paid,) = plan(one, mappings=answered).payments
    assert (paid.key, paid.method, paid.amount) == ("X1", "1299", money("12.00"))


def test_refund_that_gave_no_money_back_has_no_payment() -> None:
    assert plan(refund(payments=())).payments == ()


# --- whose answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("warehouse", "LONDON"),
        ("channel", "LONDON"),
        ("tax", "VAT%2020%25"),
        ("payment_method", "CARD"),
    ],
)
def test_missing_answer_is_asked_at_the_orders_as_set_up(name: str, value: str) -> None:
    failure = refusal(refund(), without=name)
    assert failure.reason is Reason.NEEDS_MAPPING
    assert failure.cause == f"mapping:{ORDERS}:{name}:{value}"


def test_order_that_is_not_synced_yet_holds_its_refund_under_it() -> None:
    failure = refusal(refund(), owners={})
    assert (failure.reason, failure.cause) == (Reason.NEEDS_RECORD, "record:order:SALE42")
    assert "SALE42" in failure.detail


def test_refund_uses_its_own_status_and_the_price_list_of_the_orders() -> None:
    credit = plan(refund(), settings={"credit_status": "17"}, shared={"price_list": "2"})
    assert (credit.status, credit.price_list) == ("17", "2")
    assert (plan(refund()).status, plan(refund()).price_list) == ("", "")


@pytest.mark.parametrize(
    ("restocks", "setting", "comes_back"),
    [(True, "yes", True), (True, None, True), (True, "no", False), (False, "yes", False)],
)
def test_goods_come_back_where_they_did_and_the_merchant_wants_it(
    restocks: bool, setting: str | None, comes_back: bool
) -> None:
    settings = {"restock": setting} if setting else {}
    assert plan(refund(restocks=restocks), settings=settings).restock is comes_back


# --- who gets it ----------------------------------------------------------------------------------


def test_buyer_with_an_email_address_is_the_customer() -> None:
    assert plan(refund(customer=BUYER)).customer == BUYER
    assert plan(refund(customer=Customer(id="C1", given_name="Ann"))).customer is None


def test_return_without_a_receipt_credits_the_buyer_or_the_walk_in_customer() -> None:
    named = plan(refund(order_id=None, customer=BUYER), shared={"walk_in_customer": None})
    assert (named.order_id, named.customer, named.walk_in_contact) == (None, BUYER, "")
    unnamed = plan(refund(order_id=None))
    assert (unnamed.order_id, unnamed.customer, unnamed.walk_in_contact) == (None, None, "500")


@pytest.mark.parametrize("buyer", [None, Customer(id="C1", given_name="Ann")])
def test_missing_walk_in_customer_is_asked_at_the_orders_as_set_up(buyer: Customer | None) -> None:
    one = refund(order_id=None, customer=buyer)
    failure = refusal(one, shared={"walk_in_customer": None})
    assert failure.reason is Reason.NEEDS_SETTINGS
    assert failure.cause == f"setting:{ORDERS}:walk_in_customer"


def test_refund_of_an_order_names_the_walk_in_customer_and_needs_none() -> None:
    assert plan(refund()).walk_in_contact == "500"
    assert plan(refund(), shared={"walk_in_customer": None}).walk_in_contact == ""


# --- left alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "said"), [("pending", "not given back yet"), ("failed", "no money moved")]
)
def test_refund_without_money_moved_is_left_alone(state: str, said: str) -> None:
    assert said in (why_no_sales_credit(refund(state=state), planning()) or "")
    assert why_no_sales_credit(refund(), planning()) is None


def test_order_left_alone_by_a_rule_leaves_its_refund_alone_with_the_reason() -> None:
    given = planning(owners={}, left_alone={"SALE42": "It is a draft."})
    why = why_no_sales_credit(refund(), given)
    assert why == "Its order SALE42 is not synced. It is a draft."
    assert why_no_sales_credit(refund(order_id="SALE43"), given) is None


@pytest.mark.parametrize(
    ("rule", "synced"), [("credit", True), ("leave", False), (None, True)], ids=str
)
def test_return_without_a_receipt_follows_the_setting(rule: str | None, synced: bool) -> None:
    given = planning(settings={"without_order": rule} if rule else {})
    assert (why_no_sales_credit(refund(order_id=None), given) is None) is synced
    assert why_no_sales_credit(refund(), given) is None


def test_refund_needs_the_links_of_what_came_back() -> None:
    one = refund(lines=(line(), line("L2", item_id=None)))
    assert returned_items(one) == ("VAR1",)
    assert (returned_order(one, FLOW), returned_order(refund(order_id=None), FLOW)) == (
        "SALE42",
        None,
    )
    assert refunded_at(one) == AT


# --- columns --------------------------------------------------------------------------------------


def test_columns_of_a_refund_fill_as_its_credit_comes_about() -> None:
    one = refund(customer=BUYER)
    before = refund_columns(Showing(record=one))
    assert before == {
        "refund_id": "R1",
        "order_id": "SALE42",
        "target_order_id": None,
        "credit_id": None,
        "total": {"amount": "12.00", "currency": "GBP"},
        "email": "ann@example.com",
    }
    planned = refund_columns(Showing(record=one, desired=plan(one)))
    assert planned == {**before, "target_order_id": "700"}
    synced = refund_columns(Showing(record=one, desired=plan(one), target_id="900", synced=True))
    assert synced == {**planned, "credit_id": "900"}


@pytest.mark.parametrize("buyer", [None, Customer(id="C1", given_name="Ann")])
def test_columns_name_no_address_that_is_not_known(buyer: Customer | None) -> None:
    columns = refund_columns(Showing(record=refund(order_id=None, customer=buyer)))
    assert "email" not in columns
    assert columns["order_id"] is None
