"""What a sales order looks like, and what differs from one that is there; no calls."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.brightpearl.goods import is_as_wanted, is_taken
from chalicelib.connectors.brightpearl.models import OrderModel, PaymentModel
from chalicelib.connectors.brightpearl.order_state import is_equal, moves_goods
from chalicelib.connectors.brightpearl.payments import missing_payments, reference_of, tell_extra
from chalicelib.connectors.brightpearl.sales_orders import (
    OrderState,
    check_amounts,
    row_changes,
    to_sales_order,
)
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import SalesLine, SalesOrder, SalesPayment

AT = datetime(2026, 7, 2, 10, 15, tzinfo=UTC)


def gbp(text: str) -> Money:
    return Money(Decimal(text), "GBP")


def line(key: str = "L1", **changes: Any) -> SalesLine:
    made = SalesLine(
        key=key,
        product_id="2044",
        name="Mug",
        quantity=Decimal(2),
        net=gbp("16.67"),
        tax=gbp("3.33"),
        tax_code="T20",
    )
    return replace(made, **changes)


def order(*lines: SalesLine, **changes: Any) -> SalesOrder:
    rows = lines or (line(),)
    made = SalesOrder(
        source_id="SALE-1",
        reference="R-1",
        placed_at=AT,
        customer=None,
        walk_in_contact="215",
        lines=rows,
        payments=(),
        total=gbp("20.00"),
        warehouse="2",
        channel="",
        status="3",
        cancelled_status="9",
        price_list="",
        cancelled=False,
        stock="none",
    )
    return replace(made, **changes)


def row(ref: str | None = "L1", **changes: Any) -> dict[str, Any]:
    values = {"product": 2044, "quantity": "2.0000", "net": "16.6700", "tax": "3.3300"} | changes
    return {
        "productId": values["product"],
        "quantity": {"magnitude": values["quantity"]},
        "rowValue": {"rowNet": {"value": values["net"]}, "rowTax": {"value": values["tax"]}},
        "externalRef": ref,
    }


def there(*rows: dict[str, Any], **changes: Any) -> OrderModel:
    body = {
        "id": 501,
        "orderStatus": {"orderStatusId": 3},
        "currency": {"orderCurrencyCode": "GBP"},
        "totalValue": {"total": "20.0000"},
        "orderRows": {str(9001 + n): one for n, one in enumerate(rows or (row(),))},
    }
    return OrderModel.model_validate(body | changes)


def paid(reference: str, amount: str, kind: str = "RECEIPT") -> PaymentModel:
    return PaymentModel.model_validate(
        {"paymentId": 1, "transactionRef": reference, "amountPaid": amount, "paymentType": kind}
    )


def payment(key: str = "P1", amount: str = "20.00") -> SalesPayment:
    return SalesPayment(key=key, method="CARD", amount=gbp(amount), paid_at=AT)


def test_body_carries_only_what_is_set() -> None:
    body = to_sales_order(order(), contact_id="215", address={}, instance_id=None)
    assert body == {
        "customer": {"id": 215},
        "ref": "R-1",
        "externalRef": "SALE-1",
        "placedOn": "2026-07-02T10:15:00.000Z",
        "taxDate": "2026-07-02T10:15:00.000Z",
        "statusId": 3,
        "warehouseId": 2,
        "currency": {"code": "GBP"},
        "delivery": {"date": "2026-07-02T10:15:00.000Z"},
        "rows": [
            {
                "productId": 2044,
                "quantity": "2",
                "taxCode": "T20",
                "net": "16.67",
                "tax": "3.33",
                "externalRef": "L1",
            }
        ],
    }


def test_long_reference_is_cut_and_numbers_have_no_exponent() -> None:
    free = line(product_id=None, quantity=Decimal("1E+2"), net=gbp("1E+1"), tax=gbp("1E+1"))
    body = to_sales_order(
        order(free, reference="R" * 100), contact_id="215", address={}, instance_id=7
    )
    assert len(body["ref"]) == 64
    assert body["rows"][0]["quantity"] == "100"
    assert body["rows"][0]["net"] == "10.00"
    assert body["rows"][0]["name"] == "Mug"
    assert body["installedIntegrationInstanceId"] == 7


def test_amount_with_too_many_decimals_is_unsupported() -> None:
    odd = line(net=Money(Decimal("16.675"), "KWD"), tax=Money(Decimal("3.325"), "KWD"))
    with pytest.raises(SyncFailure) as caught:
        check_amounts(order(odd, total=Money(Decimal("20.000"), "KWD")))
    assert caught.value.reason is Reason.UNSUPPORTED


def test_amounts_without_minor_unit_are_fine() -> None:
    yen = line(net=Money(Decimal(1800), "JPY"), tax=Money(Decimal(190), "JPY"))
    check_amounts(order(yen, total=Money(Decimal(1990), "JPY")))


def test_equal_rows_need_no_change() -> None:
    assert not row_changes(order().lines, there())


@pytest.mark.parametrize(
    "change", [{"product": 7}, {"quantity": "3"}, {"net": "16.66"}, {"tax": "3.34"}]
)
def test_any_difference_of_a_row_changes_it(change: dict[str, Any]) -> None:
    changes = row_changes(order().lines, there(row(**change)))
    assert changes.changed == (("9001", line()),)


def test_rows_are_added_and_removed_by_their_reference() -> None:
    changes = row_changes((line("NEW"),), there(row("OLD")))
    assert (changes.added, changes.removed) == ((line("NEW"),), ("9001",))


def test_rows_of_people_are_never_removed() -> None:
    assert not row_changes(order().lines, there(row(), row(None, product=9, net="5", tax="1")))


def test_rows_given_back_without_reference_are_recognised_by_content() -> None:
    lines = (line("L1"), line("L2"))
    assert not row_changes(lines, there(row(None), row(None)))
    assert row_changes(lines, there(row(None))).added == (line("L2"),)


def test_product_of_a_free_text_row_is_not_compared() -> None:
    assert not row_changes((line(product_id=None),), there(row(product=1000)))


@pytest.mark.parametrize(
    ("lines", "rows", "answer"),
    [
        ((line(net=gbp("10")),), (row(),), False),
        ((line(quantity=Decimal(1)),), (row(),), True),
        ((line(), line("L2")), (row(),), True),
        ((line(), line("L2", product_id=None)), (row(),), False),
        ((line(),), (row(), row("L2", product=None)), False),
        ((line(),), (row(), row("L2")), True),
    ],
)
def test_only_changes_of_pieces_move_goods(
    lines: tuple[SalesLine, ...], rows: tuple[dict[str, Any], ...], answer: bool
) -> None:
    found = there(*rows)
    assert moves_goods(row_changes(lines, found), found) is answer


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, True),
        ({"total": "21.00"}, False),
        ({"status": 9}, False),
        ({"currency": "EUR"}, False),
    ],
)
def test_equal_means_nothing_is_left_to_do(changes: dict[str, Any], answer: bool) -> None:
    found = there(
        totalValue={"total": changes.get("total", "20.0000")},
        orderStatus={"orderStatusId": changes.get("status", 3)},
        currency={"orderCurrencyCode": changes.get("currency", "GBP")},
    )
    assert is_equal(order(), OrderState(order=found)) is answer


def test_cancelled_order_is_equal_whatever_its_rows_say() -> None:
    cancelled = there(row(net="1"), orderStatus={"orderStatusId": 9})
    assert is_equal(order(cancelled=True), OrderState(order=cancelled))
    assert not is_equal(order(cancelled=True), OrderState(order=there()))


def test_cancelled_order_is_not_equal_while_it_holds_our_money_or_goods() -> None:
    cancelled = there(orderStatus={"orderStatusId": 9})
    taken_back = order(cancelled=True, unpaid=("P1",))
    assert not is_equal(taken_back, OrderState(order=cancelled, payments=(paid("P1", "20.00"),)))
    assert is_equal(taken_back, OrderState(order=cancelled, payments=(paid("P2", "20.00"),)))
    reserved = there(orderStatus={"orderStatusId": 9}, allocationStatusCode="APA")
    assert not is_equal(order(cancelled=True), OrderState(order=reserved))
    sent = there(
        orderStatus={"orderStatusId": 9}, allocationStatusCode="AAA", shippingStatusCode="ASS"
    )
    assert is_equal(order(cancelled=True), OrderState(order=sent))


def test_missing_and_wrong_payments_are_not_equal() -> None:
    desired = order(payments=(payment(),))
    assert not is_equal(desired, OrderState(order=there()))
    assert not is_equal(desired, OrderState(order=there(), payments=(paid("P1", "19.00"),)))
    assert is_equal(desired, OrderState(order=there(), payments=(paid("P1", "20.00"),)))


def test_payments_are_recognised_by_reference() -> None:
    desired = order(payments=(payment("P1"), payment("P2", "0.00"), payment("P3")))
    assert missing_payments(desired, [paid("P1", "20.00")]) == [payment("P3")]


def test_long_payment_keys_stay_different() -> None:
    first, second = (reference_of("P" * 90 + end) for end in "ab")
    assert first != second
    assert len(first) == 64


def test_money_that_went_out_again_is_counted() -> None:
    extra = [paid("X", "5.00"), paid("Y", "5.00", "PAYMENT"), paid("Z", "9.00", "AUTH")]
    assert tell_extra(order(), extra) == ""
    assert "5.00 GBP" in tell_extra(order(), extra[:1])


@pytest.mark.parametrize(
    ("stock", "allocation", "shipping", "wanted", "taken"),
    [
        ("none", "ANA", "SNS", True, False),
        ("reserved", "ANA", "SNS", False, False),
        ("reserved", "APA", "SNS", True, False),
        ("reserved", "AAA", "SNS", True, True),
        ("reserved", "ANR", "NST", True, True),
        ("shipped", "AAA", "SNS", False, True),
        ("shipped", "AAA", "SPS", False, True),
        ("shipped", "AAA", "ASS", True, True),
        ("shipped", "NEW", "NEW", False, False),
    ],
)
def test_goods_are_where_they_should_be(
    stock: str, allocation: str, shipping: str, wanted: bool, taken: bool
) -> None:
    found = there(allocationStatusCode=allocation, shippingStatusCode=shipping)
    assert (is_as_wanted(order(stock=stock), found), is_taken(found)) == (wanted, taken)
