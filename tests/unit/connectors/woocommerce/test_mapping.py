"""Orders of shops with plugins as canonical records."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.connectors.woocommerce.amounts import rounding_of, tax_name_of
from chalicelib.connectors.woocommerce.mapping import source_of, state_of, to_order
from chalicelib.connectors.woocommerce.models import LineModel, OrderModel, parse
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Order, Role

PAYLOADS = Path(__file__).parents[3] / "payloads" / "woocommerce"


def order_of(name: str) -> Order:
    raw = json.loads((PAYLOADS / f"order_{name}.json").read_text(encoding="utf-8"))
    return to_order(parse(OrderModel, raw, "order"))


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def gross(order: Order) -> Decimal:
    lines = [*order.lines, *order.service_charges]
    return sum((one.net.amount + one.tax.amount for one in lines), order.rounding.amount)


@pytest.mark.parametrize(
    ("name", "payments"),
    [
        ("gift_card_pw", [("gift_card", gbp("10")), ("stripe", gbp("26"))]),
        ("gift_card_yith", [("gift_card", gbp("36"))]),
    ],
)
def test_a_gift_card_a_plugin_names_is_a_payment(
    name: str, payments: list[tuple[str, Money]]
) -> None:
    order = order_of(name)
    assert (order.total, gross(order), order.is_paid) == (gbp("36"), Decimal(36), True)
    assert [(one.method, one.amount) for one in order.payments] == payments


def test_a_gift_card_that_is_not_what_the_total_lacks_explains_nothing() -> None:
    order = order_of("gift_card_unexplained")
    assert (order.total, order.rounding) == (gbp("26"), gbp("0"))
    assert gross(order) == 36


def test_a_gift_card_that_was_sold_is_money_owed() -> None:
    assert [one.role for one in order_of("gift_card_sold").lines] == [Role.GIFT_CARD]


def test_an_amount_keeps_the_decimals_of_its_currency() -> None:
    order = order_of("three_decimals")
    assert order.lines[0].net == Money(Decimal("30.125"), "KWD")
    assert (order.total.to_text(), gross(order)) == ("36.150", Decimal("36.150"))


def test_a_line_without_a_product_has_no_item_and_a_rate_of_nothing_counts() -> None:
    order = order_of("custom_line")
    line = order.lines[0]
    assert (line.item_id, line.name, line.tax_name) == (None, "Product", "GB-ZERO-1")
    assert order.reference == "727"


def test_a_number_of_a_plugin_is_the_reference_and_the_id_stays() -> None:
    order = order_of("gift_card_pw")
    assert (order.id, order.reference, order.source) == (
        "727",
        "WEB-1042",
        "WooCommerce · Dashboard",
    )


def test_a_rate_with_an_empty_total_does_not_apply() -> None:
    assert order_of("gift_card_pw").lines[0].tax_name == "VAT"
    line = LineModel.model_validate({"id": 1, "taxes": [{"id": 9, "total": "1"}]})
    assert tax_name_of(line, {}) == "9"


@pytest.mark.parametrize(
    ("left", "lines", "rounding"),
    [
        ("0.01", 1, "0.01"),
        ("-0.02", 2, "-0.02"),
        ("0.02", 1, "0"),
        ("-5", 4, "0"),
        ("0.01", 0, "0.01"),
    ],
)
def test_a_minor_unit_a_line_is_rounding(left: str, lines: int, rounding: str) -> None:
    assert rounding_of(Decimal(left), lines, "GBP") == gbp(rounding)


def test_an_unknown_status_is_a_stage_of_an_order_that_stands() -> None:
    assert (state_of("packed"), state_of("refunded")) == ("completed", "completed")


@pytest.mark.parametrize(("via", "source"), [("checkout", ""), ("rest-api", " · API"), ("", "")])
def test_a_source_says_more_where_the_order_was_not_made_at_the_checkout(
    via: str, source: str
) -> None:
    assert source_of(via) == f"WooCommerce{source}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": ""}, "currency"),
        ({"date_created_gmt": None}, "date_created_gmt"),
        ({"total": "NaN"}, "total"),
        ({"line_items": [{"name": "x"}]}, "line_items.0.id"),
        ({"date_paid_gmt": "soon"}, "date_paid_gmt"),
    ],
)
def test_an_order_that_lacks_what_it_cannot_be_without_names_the_field(
    changes: dict[str, object], field: str
) -> None:
    raw = json.loads((PAYLOADS / "order_gift_card_pw.json").read_text(encoding="utf-8"))
    with pytest.raises(SyncFailure) as failed:
        to_order(parse(OrderModel, raw | changes, "order"))
    assert (failed.value.reason, failed.value.field) == (Reason.UNSUPPORTED, field)
