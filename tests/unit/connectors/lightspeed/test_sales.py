"""Sales of both shapes as orders and refunds, to the minor unit."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.connectors.lightspeed.mapping import Goods, Shop, Till, to_order, to_refund
from chalicelib.connectors.lightspeed.sale_models import SaleModel, read_sale
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Role

PAYLOADS = Path(__file__).parents[3] / "payloads/lightspeed"
SHOP = Shop(
    currency="GBP",
    tills={"e0000000-0000-4000-8000-000000000001": Till(name="Front", outlet="LEEDS")},
    taxes={"t0000000-0000-4000-8000-000000000001": "VAT"},
    goods={"p0000000-0000-4000-8000-000000000001": Goods(name="Mug / Red", sku="MUG-R")},
    cash_step=Decimal("0.05"),
)


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def payload(name: str) -> dict[str, Any]:
    found = json.loads((PAYLOADS / name).read_text(), parse_float=Decimal)
    return dict(found)


def sale(*lines: tuple[str, str, str], total: str | None = None, **more: Any) -> SaleModel:
    """Return a closed sale of lines: quantity, net and tax of the whole line."""
    rows = [
        {
            "id": f"l{number}",
            "product": {"id": f"p{number}"},
            "quantity": Decimal(quantity),
            "pricing": {"total": Decimal(net)},
            "tax": {"total": Decimal(tax)},
        }
        for number, (quantity, net, tax) in enumerate(lines)
    ]
    totals = {"price_incl_tax": Decimal(total)} if total is not None else {}
    raw = {"id": "s1", "state": "closed", "line_items": rows, "totals": totals}
    return read_sale(raw | more)


def paid(amount: str, name: str = "Cash", **more: Any) -> dict[str, Any]:
    kind = {"config_id": f"type-{name}", "name": name}
    return {"id": f"{name}{amount}", "amount": Decimal(amount), "type": kind, **more}


def adds_up(record: Any) -> bool:
    lines = [*record.lines, *getattr(record, "service_charges", ())]
    gross = sum((line.net.amount + line.tax.amount for line in lines), Decimal(0))
    return bool(gross + record.tip.amount + record.rounding.amount == record.total.amount)


def test_a_sale_of_the_date_versions_is_an_order() -> None:
    order = to_order(read_sale(payload("sale_2026_07.json")), SHOP)

    assert (order.location, order.source, order.reference) == (
        "LEEDS",
        "Lightspeed · Front",
        "LE-42",
    )
    assert (order.state, order.note, order.version) == ("completed", "delivery", 1978890425)
    assert [(line.quantity, line.net, line.tax) for line in order.lines] == [
        (3, gbp("24.99"), gbp("5.00")),
        (Decimal("0.335"), gbp("4.19"), gbp("0.83")),
    ]
    assert (order.lines[0].name, order.lines[0].discount) == ("Mug / Red", gbp("1.20"))
    fee, courier = order.service_charges
    assert (fee.net, fee.tax, fee.role) == (gbp("1.25"), gbp("0.25"), Role.FEE)
    assert (courier.name, courier.tax, courier.role) == ("Courier", gbp("1.00"), Role.SHIPPING)
    assert (order.tip, order.total, order.rounding) == (gbp("3.00"), gbp("45.51"), gbp("0.00"))
    assert [(one.method, one.amount) for one in order.payments] == [("Card", gbp("45.51"))]
    assert order.unpaid == ["20000000-0000-4000-8000-000000000002"]
    assert order.returns_of is None
    assert adds_up(order)


def test_a_sale_of_the_older_shape_is_an_order_and_a_refund() -> None:
    read = read_sale(payload("sale_2_0.json"))
    order, refund = to_order(read, SHOP), to_refund(read, SHOP)

    assert (order.state, order.note, order.version) == ("completed", "on account", 29316)
    assert (order.reference, order.total, refund.total) == ("1036", gbp("48.00"), gbp("24.00"))
    assert {one.method: one.amount for one in order.payments} == {
        "Card": gbp("24.00"),
        "EXCHANGE": gbp("24.00"),
    }
    assert [one.method for one in refund.payments] == ["EXCHANGE"]
    assert refund.order_id == "a0000000-0000-4000-8000-000000000001"
    assert adds_up(order)
    assert adds_up(refund)


@pytest.mark.parametrize(
    ("status", "state", "note"),
    [
        ("SAVED", "draft", ""),
        ("OPEN", "open", ""),
        ("LAYBY", "open", "layby"),
        ("AWAITING_PICKUP", "open", "pickup"),
        ("DISPATCHED_CLOSED", "completed", "delivery"),
        ("VOIDED", "cancelled", ""),
        ("TELEPORTED", "teleported", ""),
    ],
)
def test_an_older_status_has_its_state(status: str, state: str, note: str) -> None:
    order = to_order(read_sale(payload("sale_2_0.json") | {"status": status}), SHOP)

    assert (order.state, order.note) == (state, note)


def test_a_return_of_the_older_shape_without_lines_yet_is_no_sale() -> None:
    read = read_sale(payload("sale_2_0.json") | {"line_items": []})

    assert (read.sells, read.gives_back) == (False, True)


def test_an_unknown_state_is_kept_as_it_is() -> None:
    assert to_order(sale(state="suspended"), SHOP).state == "suspended"


def test_thirds_add_up_without_rounding() -> None:
    order = to_order(sale(*[("1", "2.77778", "0.55556")] * 3, total="10.00002"), SHOP)

    assert [line.net.amount + line.tax.amount for line in order.lines] == [
        Decimal("3.33"),
        Decimal("3.34"),
        Decimal("3.33"),
    ]
    assert (order.total, order.rounding) == (gbp("10.00"), gbp("0.00"))


def test_what_the_vendor_rounded_is_rounding_up_to_a_minor_unit_a_line() -> None:
    lines = [("1", "1.00", "0.00")] * 3

    near = to_order(sale(*lines, total="3.03"), SHOP)
    far = to_order(sale(*lines, total="3.04"), SHOP)

    assert (near.rounding, near.total) == (gbp("0.03"), gbp("3.03"))
    assert (far.rounding, far.total) == (gbp("0.00"), gbp("3.04"))
    assert adds_up(near)
    assert not adds_up(far)


def test_a_currency_without_decimals_is_rounded_to_whole_units() -> None:
    order = to_order(sale(("1", "909.09091", "90.90909"), total="1000"), Shop(currency="JPY"))

    assert order.lines[0].net == Money(Decimal(909), "JPY")
    assert order.total.amount == 1000


@pytest.mark.parametrize(
    ("total", "line", "expected"),
    [("90", "90.00", "90.00"), ("100", "100.00", "100.00")],
    ids=["lines hold it not", "lines hold it already"],
)
def test_a_discount_of_the_sale_is_taken_off_once(total: str, line: str, expected: str) -> None:
    discount = {"adjustment_type": "DISCOUNT", "total": Decimal("-10")}

    order = to_order(sale(("1", "100", "0"), total=total, adjustments=[discount]), SHOP)

    assert order.lines[0].net == gbp(line)
    assert order.total == gbp(expected)
    assert adds_up(order)


def test_a_tip_that_the_total_leaves_out_is_added_to_it() -> None:
    tip = {"adjustment_type": "TIP", "total": Decimal("2")}

    order = to_order(sale(("1", "10", "0"), total="10", adjustments=[tip]), SHOP)

    assert (order.total, order.tip) == (gbp("12.00"), gbp("2.00"))
    assert adds_up(order)


def test_a_gap_that_is_booked_as_cash_rounding_is_rounding() -> None:
    payments = [paid("10.00", "Bar"), paid("-0.02", "Cash Rounding")]

    order = to_order(sale(("1", "9.98", "0"), total="9.98", payments=payments), SHOP)

    assert (order.total, order.rounding) == (gbp("10.00"), gbp("0.02"))
    assert [(one.method, one.amount) for one in order.payments] == [("Bar", gbp("10.00"))]


def test_a_sale_that_is_not_closed_has_no_gap_yet() -> None:
    order = to_order(
        sale(("1", "10", "0"), total="10", payments=[paid("9.97")], state="pending"), SHOP
    )

    assert (order.total, order.rounding) == (gbp("10.00"), gbp("0.00"))


def test_an_exchange_that_gives_cash_back_is_rounded_on_the_refund() -> None:
    swapped = sale(
        ("1", "20", "0"), ("-1", "-35.02", "0"), total="-15.02", payments=[paid("-15.00")]
    )

    order, refund = to_order(swapped, SHOP), to_refund(swapped, SHOP)

    assert (order.total, order.rounding) == (gbp("20.00"), gbp("0.00"))
    assert (refund.total, refund.rounding) == (gbp("35.00"), gbp("-0.02"))
    assert adds_up(order)
    assert adds_up(refund)


def test_cash_given_back_is_rounded_to_coins_too() -> None:
    refund = to_refund(sale(("-1", "-9.98", "0"), total="-9.98", payments=[paid("-10.00")]), SHOP)

    assert (refund.total, refund.rounding) == (gbp("10.00"), gbp("0.02"))
    assert [one.amount for one in refund.payments] == [gbp("10.00")]
    assert adds_up(refund)


def test_a_tip_given_back_is_part_of_the_refund() -> None:
    adjustments = [
        {"adjustment_type": "TIP", "total": Decimal("-2")},
        {"adjustment_type": "NON_CASH_FEE", "name": "Card fee", "total": Decimal("-1")},
    ]

    refund = to_refund(sale(("-1", "-10", "0"), total="-13", adjustments=adjustments), SHOP)

    assert (refund.tip, refund.total) == (gbp("2.00"), gbp("13.00"))
    assert [(line.name, line.net, line.role) for line in refund.lines][-1] == (
        "Card fee",
        gbp("1.00"),
        Role.FEE,
    )
    assert adds_up(refund)


def test_change_of_another_kind_is_taken_off_the_last_payment() -> None:
    payments = [paid("30", "Card"), paid("20", "Voucher"), paid("-25", "Cash")]

    order = to_order(sale(("1", "25", "0"), total="25", payments=payments), SHOP)

    assert {one.method: one.amount.amount for one in order.payments} == {"Card": 25}


def test_change_is_taken_off_what_is_of_its_kind() -> None:
    payments = [paid("30", "Cash"), paid("10", "Card"), paid("-5", "Cash")]

    order = to_order(sale(("1", "35", "0"), total="35", payments=payments), SHOP)

    assert {one.method: one.amount.amount for one in order.payments} == {"Cash": 25, "Card": 10}


def test_reasons_of_a_return_are_told_once() -> None:
    raw = sale(("-1", "-1", "0"), ("-1", "-1", "0")).model_dump(by_alias=True)
    for line in raw["line_items"]:
        line["return"] = {"is_return": True, "reason": "Too small"}

    assert to_refund(read_sale(raw), SHOP).reason == "Too small"


def test_a_deleted_sale_is_cancelled_and_its_refund_failed() -> None:
    gone = sale(("1", "1", "0"), ("-1", "-1", "0"), deleted_at="2026-08-01T10:00:00Z")

    assert to_order(gone, SHOP).state == "cancelled"
    assert to_refund(gone, SHOP).state == "failed"


def test_a_sale_that_cannot_be_read_names_the_field_and_not_its_value() -> None:
    with pytest.raises(SyncFailure) as failed:
        read_sale(payload("sale_2026_07.json") | {"date": "the day before"})

    assert (failed.value.reason, failed.value.field) == (Reason.UNSUPPORTED, "date")
    assert "day before" not in failed.value.detail
