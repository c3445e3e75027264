"""Square's orders as canonical records, from payloads a till does not often make."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.connectors.square.lines import to_money
from chalicelib.connectors.square.mapping import UNKNOWN_SALE, source_of, to_order, version_of
from chalicelib.connectors.square.models import MoneyModel, OrderModel, parse
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order, Role

PAYLOADS = Path(__file__).parents[3] / "payloads" / "square"


def order_of(name: str) -> Order:
    raw = json.loads((PAYLOADS / f"order_{name}.json").read_text(encoding="utf-8"))
    return to_order(parse(OrderModel, raw, "order"))


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [(1990, "AUD", "19.90"), (1990, "JPY", "1990"), (1990, "KWD", "1.990"), (-5, "GBP", "-0.05")],
)
def test_minor_units_become_amounts_by_currency(amount: int, currency: str, text: str) -> None:
    assert to_money(MoneyModel(amount=amount, currency=currency)).to_text() == text


def test_a_version_is_milliseconds_without_rounding() -> None:
    assert version_of(datetime(2026, 3, 2, 9, 15, 31, 50999, tzinfo=UTC)) == 1772442931050


def test_goods_that_came_back_name_the_sale_they_were_part_of() -> None:
    order = order_of("return")

    assert (order.returns_of, list(order.lines)) == ("SALE42", [])


def test_goods_that_came_back_without_a_receipt_are_a_return_too() -> None:
    assert order_of("return_unlinked").returns_of == UNKNOWN_SALE


def test_an_exchange_is_a_sale_of_what_was_sold_and_goods_pay_for_part_of_it() -> None:
    order = order_of("exchange")

    assert order.returns_of is None
    assert (order.total, order.lines[0].net, order.lines[0].tax) == (
        gbp("30.00"),
        gbp("25.00"),
        gbp("5.00"),
    )
    assert order.lines[0].name == "Linen shirt · M / blue"
    assert [(one.method, one.amount) for one in order.payments] == [
        ("CARD", gbp("5.05")),
        ("EXCHANGE", gbp("24.95")),
    ]
    assert order.is_paid


def test_a_charge_that_is_spread_over_the_lines_is_not_counted_twice() -> None:
    order = order_of("apportioned_charge")

    charges = [(one.name, one.net, one.tax) for one in order.service_charges]
    assert charges == [("Delivery", gbp("3.00"), gbp("0.60"))]
    parts = sum(one.net.amount + one.tax.amount for one in [*order.lines, *order.service_charges])
    assert parts == order.total.amount


def test_money_that_is_reserved_or_released_is_not_received() -> None:
    order = order_of("reserved_card")

    assert [(one.id, one.method, one.amount) for one in order.payments] == [
        ("T3", "CASH", gbp("7.00"))
    ]
    assert order.payments[0].tip == gbp("0.50")
    assert not order.is_paid


def test_what_is_absent_or_null_has_a_sensible_stand_in() -> None:
    order = order_of("reserved_card")

    assert order.updated_at == order.placed_at == datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)
    assert (order.closed_at, order.customer, order.reference) == (None, None, "")
    assert order.tax == order.tip == order.rounding == gbp("0.00")
    assert order.source == "Square · Corner Web Shop"
    assert (order.state, order.status) == ("open", "OPEN")


def test_gift_cards_and_charges_are_told_from_goods() -> None:
    raw = json.loads((PAYLOADS / "order_apportioned_charge.json").read_text(encoding="utf-8"))
    card = {**raw["line_items"][0], "item_type": "GIFT_CARD"}
    tip = {**raw["service_charges"][1], "name": "Large table", "type": "AUTO_GRATUITY"}
    sold = {"line_items": [card, *raw["line_items"]]}
    charged = {"service_charges": [*raw["service_charges"], tip]}

    order = to_order(parse(OrderModel, raw | sold | charged, "order"))

    assert [line.role for line in order.lines] == [Role.GIFT_CARD, Role.GOODS]
    assert [line.role for line in order.service_charges] == [Role.SHIPPING, Role.FEE]


def test_the_buyer_may_be_known_by_a_tender_only() -> None:
    raw = json.loads((PAYLOADS / "order_reserved_card.json").read_text(encoding="utf-8"))

    assert parse(OrderModel, raw, "order").buyer_id == "CUST1"


def test_several_taxes_are_joined_and_one_without_a_name_keeps_its_id() -> None:
    order = order_of("two_taxes")

    assert [line.tax_name for line in order.lines] == ["State tax + City tax", "t3"]
    assert order.state == "state_of_tomorrow"
    assert order.lines[1].name == "Custom amount"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("", "Square"),
        ("Square Point of Sale", "Square"),
        ("Online Store", "Square · Online Store"),
    ],
)
def test_the_source_is_named_where_it_is_not_a_till(name: str, shown: str) -> None:
    assert source_of(name) == shown


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"created_at": "yesterday"}, "created_at"),
        ({"total_money": None}, "total_money"),
        ({"total_money": {"amount": "many", "currency": "GBP"}}, "total_money.amount"),
        ({"line_items": [{"quantity": None}]}, "line_items.0.quantity"),
        ({"id": None}, "id"),
    ],
)
def test_an_order_that_cannot_be_read_names_the_field_and_no_value(
    change: dict[str, object], field: str
) -> None:
    raw = json.loads((PAYLOADS / "order_exchange.json").read_text(encoding="utf-8")) | change

    with pytest.raises(SyncFailure) as failed:
        to_order(parse(OrderModel, raw, "order"))

    assert (failed.value.reason, failed.value.field) == (Reason.UNSUPPORTED, field)
    assert "yesterday" not in failed.value.detail
    assert "many" not in failed.value.detail


def test_two_currencies_in_one_order_are_not_added_up() -> None:
    raw = json.loads((PAYLOADS / "order_exchange.json").read_text(encoding="utf-8"))
    raw["total_tip_money"] = {"amount": 100, "currency": "EUR"}

    with pytest.raises(SyncFailure) as failed:
        to_order(parse(OrderModel, raw, "order"))

    assert failed.value.error_code == "mixed_currencies"
