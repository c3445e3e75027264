"""What came back with Square's orders, cut into the parts that refunds pay for."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.connectors.square.models import OrderModel, RefundModel, parse
from chalicelib.connectors.square.refund_mapping import Papers, state_of, to_refund
from chalicelib.connectors.square.returned import (
    AMOUNT_ONLY,
    Part,
    Returned,
    is_even_exchange,
    part_of,
    returned_by,
)
from chalicelib.domain.money import Money
from chalicelib.domain.reasons import SyncFailure
from chalicelib.domain.records import Refund, Role


def money(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "GBP"}


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def item(uid: str, total: int, tax: int = 0, **fields: Any) -> dict[str, Any]:
    shown = {"uid": uid, "name": uid, "quantity": "1", "catalog_object_id": uid.upper()}
    return {**shown, "total_money": money(total), "total_tax_money": money(tax), **fields}


def order(*lines: dict[str, Any], **fields: Any) -> OrderModel:
    came_back = {"source_order_id": "SALE42", "return_line_items": lines, **fields}
    raw = {"id": "RET77", "created_at": "2026-03-02T10:00:00Z", "total_money": money(0)}
    return parse(OrderModel, raw | {"returns": [came_back]}, "order")


def refund_of(made: OrderModel, amount: int, **fields: Any) -> Refund:
    raw = {
        "id": "R1",
        "status": "COMPLETED",
        "payment_id": "P1",
        "amount_money": money(amount),
        "created_at": "2026-03-02T10:00:00Z",
    }
    return to_refund(parse(RefundModel, raw | fields, "refund"), Papers(order=made))


def parts(returned: Returned, *amounts: str) -> list[Part]:
    """Cut a return for refunds of these amounts, one after the other."""
    before, cut = gbp("0"), []
    for amount in amounts:
        cut.append(part_of(returned, before=before, paid=gbp(amount)))
        before += gbp(amount)
    return cut


def test_a_line_that_is_cut_goes_with_its_goods_to_its_beginning() -> None:
    returned = returned_by(order(item("a", 1000, 167), item("b", 500, 83)), "GBP")

    first, second = parts(returned, "12.00", "3.00")

    assert [(one.item_id, one.net, one.tax) for one in first.lines] == [
        ("A", gbp("8.33"), gbp("1.67")),
        ("B", gbp("1.67"), gbp("0.33")),
    ]
    assert [(one.item_id, one.name, one.net, one.tax) for one in second.lines] == [
        (None, "b (rest)", gbp("2.50"), gbp("0.50"))
    ]


def test_free_goods_come_back_with_the_first_refund_and_only_with_it() -> None:
    returned = returned_by(order(item("a", 1000), item("gift", 0)), "GBP")

    first, second = parts(returned, "4.00", "6.00")

    assert [one.id for one in first.lines] == ["gift", "a"]
    assert [one.id for one in second.lines] == ["a"]


def test_more_money_than_came_back_is_a_line_without_goods() -> None:
    returned = returned_by(order(item("a", 1000)), "GBP")

    (part,) = parts(returned, "12.50")

    assert [(one.name, one.net) for one in part.lines] == [
        ("a", gbp("10.00")),
        (AMOUNT_ONLY, gbp("2.50")),
    ]


def test_charges_in_the_lines_are_not_counted_twice_and_others_keep_their_role() -> None:
    charges = [
        {"uid": "c1", "name": "Spread", "treatment_type": "APPORTIONED_TREATMENT"},
        {"uid": "c2", "name": "Delivery"},
        {"uid": "c3", "name": "Large table"},
    ]
    priced = [one | {"total_money": money(100)} for one in charges]
    returned = returned_by(order(item("a", 1000), return_service_charges=priced), "GBP")

    assert [one.role for one in returned.lines] == [Role.GOODS, Role.SHIPPING, Role.FEE]
    assert returned.total == gbp("12.00")


def test_amounts_below_zero_and_above_come_out_positive() -> None:
    line = item("a", -1000, -167, quantity="-2", total_discount_money=money(-50))
    returned = returned_by(order(line, return_tips=[{"applied_money": money(-100)}]), "GBP")

    (one,) = returned.lines
    assert (one.quantity, one.net, one.tax) == (2, gbp("8.33"), gbp("1.67"))
    assert (one.discount, returned.tip) == (gbp("0.50"), gbp("1.00"))


def test_a_discount_is_shared_like_the_tax() -> None:
    returned = returned_by(order(item("a", 900, total_discount_money=money(100))), "GBP")

    first, second = parts(returned, "3.00", "6.00")

    assert [part.lines[0].discount for part in (first, second)] == [gbp("0.33"), gbp("0.67")]


@pytest.mark.parametrize("rounding", [-3, 0, 3])
def test_rounding_is_the_first_refunds_and_the_rest_adds_up(rounding: int) -> None:
    adjusted = {"amount_money": money(rounding)}
    returned = returned_by(order(item("a", 1000), rounding_adjustment=adjusted), "GBP")
    whole = Money.from_minor(1000 + rounding, "GBP")

    first, second = parts(returned, "4.00", (whole - gbp("4.00")).to_text())

    assert (first.rounding, second.rounding) == (Money.from_minor(rounding, "GBP"), gbp("0"))
    assert first.lines[0].net + second.lines[0].net == gbp("10.00")


def test_a_gift_card_that_comes_back_is_no_goods_for_the_shelf() -> None:
    refund = refund_of(order(item("card", 1000, item_type="GIFT_CARD")), 1000)

    assert refund.lines[0].role is Role.GIFT_CARD
    assert not refund.restocks


def test_a_refund_finds_itself_by_its_payment_where_the_order_names_it_otherwise() -> None:
    entries = [
        {"id": "X", "tender_id": "P1", "amount_money": money(600), "status": "APPROVED"},
        {"id": "Y", "tender_id": "P2", "amount_money": money(400), "status": "APPROVED"},
    ]
    made = order(item("a", 1000))
    made = made.model_copy(update={"refunds": order_refunds(entries)})

    first, second = refund_of(made, 600), refund_of(made, 400, id="R2", payment_id="P2")

    assert (first.lines[0].item_id, second.lines[0].item_id) == ("A", None)


def order_refunds(entries: list[dict[str, Any]]) -> Any:
    raw = {"id": "O", "created_at": "2026-03-02T10:00:00Z", "refunds": entries}
    return parse(OrderModel, raw, "order").refunds


def test_a_return_in_another_currency_than_its_refund_is_not_added_up() -> None:
    with pytest.raises(SyncFailure) as failed:
        refund_of(order(item("a", 1000)), 1000, amount_money={"amount": 1000, "currency": "EUR"})

    assert failed.value.error_code == "mixed_currencies"


def test_a_refund_whose_order_is_gone_is_an_amount() -> None:
    raw = {"id": "R1", "amount_money": money(700), "created_at": "2026-03-02T10:00:00Z"}

    refund = to_refund(parse(RefundModel, raw | {"status": "COMPLETED"}, "refund"), Papers())

    assert [(one.name, one.net) for one in refund.lines] == [(AMOUNT_ONLY, gbp("7.00"))]
    assert (refund.payments[0].method, refund.source) == ("OTHER", "Square")


@pytest.mark.parametrize(
    ("status", "state"), [("APPROVED", "completed"), ("STATE_OF_TOMORROW", "pending")]
)
def test_a_state_of_tomorrow_is_not_settled_yet(status: str, state: str) -> None:
    assert state_of(status) == state


def test_an_order_without_amounts_is_no_exchange() -> None:
    raw = {"id": "O", "created_at": "2026-03-02T10:00:00Z", "returns": [{}]}

    assert not is_even_exchange(parse(OrderModel, raw, "order"))
    assert not is_even_exchange(order(item("a", 0)))
