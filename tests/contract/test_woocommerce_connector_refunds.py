"""Refunds come from the shop with what came back, and always add up."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.reasons import Reason
from chalicelib.domain.records import Refund, Role
from chalicelib.domain.statuses import Kind
from tests.contract.woo_connection import Connected, connect
from tests.contract.woo_shop import Json

SHIPPING = [{"method_id": "flat", "method_title": "Flat", "total": "5.00"}]


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def sell(at: Connected, **fields: Any) -> Json:
    """Sell three mugs with shipping, paid by bank."""
    paid = {"set_paid": True, "payment_method": "bacs", "shipping_lines": SHIPPING}
    return at.shop.order(**{**paid, **fields})


def back(line: Json, quantity: int, total: str, tax: str) -> Json:
    """Return a line of a refund."""
    taxes = [{"id": 1, "refund_total": float(tax)}]
    return {
        "id": line["id"],
        "quantity": quantity,
        "refund_total": float(total),
        "refund_tax": taxes,
    }


def adds_up(refund: Refund) -> bool:
    gross = sum((one.net.amount + one.tax.amount for one in refund.lines), Decimal(0))
    return gross + refund.tip.amount + refund.rounding.amount == refund.total.amount


def test_goods_that_came_back_are_positive_lines_of_the_order(at: Connected) -> None:
    order = sell(at)
    mugs = order["line_items"][0]
    made = at.woo.refund(order["id"], line_items=[back(mugs, 1, "10", "2")], reason="Chipped")

    refund = at.refund(made)

    assert (refund.id, refund.order_id, refund.location) == (str(made), str(order["id"]), "shop")
    line = refund.lines[0]
    assert (line.id, line.item_id, line.quantity) == (str(mugs["id"]), at.mug, 1)
    assert (line.net, line.tax, line.tax_name) == (gbp("10"), gbp("2"), "VAT")
    assert (refund.total, refund.reason, refund.restocks) == (gbp("12"), "Chipped", True)
    assert [(one.method, one.amount) for one in refund.payments] == [("bacs", gbp("12"))]
    assert (refund.reference, refund.rounding) == (f"{order['number']}-{made}", gbp("0"))
    assert refund.refunded_at == at.shop.clock()


def test_shipping_given_back_has_its_role(at: Connected) -> None:
    order = sell(at)
    shipped = order["shipping_lines"][0]
    made = at.woo.refund(order["id"], line_items=[back(shipped, 0, "5", "1")])

    refund = at.refund(made)

    assert [(one.role, one.quantity, one.item_id) for one in refund.lines] == [
        (Role.SHIPPING, 1, None)
    ]
    assert adds_up(refund)


def test_money_for_goods_that_stay_brings_no_goods_back(at: Connected) -> None:
    order = sell(at)
    made = at.woo.refund(order["id"], line_items=[back(order["line_items"][0], 0, "3", "0.60")])

    refund = at.refund(made)

    assert [(one.item_id, one.quantity) for one in refund.lines] == [(None, 1)]
    assert (refund.total, adds_up(refund)) == (gbp("3.60"), True)


def test_goods_that_came_back_without_money_are_lines_too(at: Connected) -> None:
    order = sell(at)
    made = at.woo.refund(order["id"], line_items=[back(order["line_items"][0], 2, "0", "0")])

    refund = at.refund(made)

    assert [(one.item_id, one.quantity) for one in refund.lines] == [(at.mug, 2)]
    assert (refund.total, refund.payments) == (gbp("0"), [])


def test_an_amount_without_lines_is_a_line_without_goods(at: Connected) -> None:
    made = at.woo.refund(sell(at)["id"], amount="7.50")

    refund = at.refund(made)

    line = refund.lines[0]
    assert (line.name, line.item_id, line.role) == ("Refund without goods", None, Role.GOODS)
    assert (line.net, adds_up(refund)) == (gbp("7.50"), True)


def test_an_amount_beyond_its_lines_is_put_beside_them(at: Connected) -> None:
    order = sell(at)
    lines = [back(order["line_items"][0], 1, "10", "2")]
    refund = at.refund(at.woo.refund(order["id"], amount="15.00", line_items=lines))
    assert [one.net for one in refund.lines] == [gbp("10"), gbp("3")]
    assert adds_up(refund)


def test_a_penny_between_amount_and_lines_is_rounding(at: Connected) -> None:
    order = sell(at)
    lines = [back(order["line_items"][0], 1, "10", "2")]
    refund = at.refund(at.woo.refund(order["id"], amount="12.01", line_items=lines))
    assert (refund.rounding, adds_up(refund), len(refund.lines)) == (gbp("0.01"), True, 1)


def test_an_amount_below_its_lines_is_told_to_people(at: Connected) -> None:
    order = sell(at)
    lines = [back(order["line_items"][0], 1, "10", "2")]
    failure = at.refund(at.woo.refund(order["id"], amount="8.00", line_items=lines))
    assert (failure.reason, failure.field) == (Reason.AMOUNTS_DIFFER, "amount")


def test_an_order_nobody_paid_has_given_nothing_back(at: Connected) -> None:
    order = sell(at, set_paid=False, status="on-hold")
    assert at.refund(at.woo.refund(order["id"], amount="5.00")).payments == []


def test_a_refund_that_people_deleted_is_absent(at: Connected) -> None:
    order = sell(at)
    made = at.woo.refund(order["id"], amount="5.00")
    at.shop.http.delete(f"orders/{order['id']}/refunds/{made}", params={"force": True})
    assert at.refunds().fetch_many([str(made)]) == {}


def test_the_refund_of_an_order_in_the_bin_is_read_with_it(at: Connected) -> None:
    order = sell(at)
    made = at.woo.refund(order["id"], amount="5.00")
    at.shop.http.delete(f"orders/{order['id']}")
    assert at.refund(made).total == gbp("5.00")


def test_many_refunds_are_two_calls(at: Connected) -> None:
    ids = [str(at.woo.refund(sell(at)["id"], amount="1.00")) for _ in range(30)]
    at.woo.calls.clear()

    assert set(at.refunds().fetch_many(ids)) == set(ids)
    assert len(at.woo.calls) == 2


def test_refunds_are_listed_by_the_time_they_were_made(at: Connected) -> None:
    order = sell(at)
    at.woo.refund(order["id"], amount="1.00")
    at.shop.clock.advance(3600)
    since = at.shop.clock()
    late = at.woo.refund(order["id"], amount="2.00")

    page = at.refunds().list_changes(since=since, until=None, page=None)

    change = page.changes[0]
    assert [one.record for one in page.changes] == [str(late)]
    assert (change.kind, change.version) == (Kind.REFUND, at.refund(late).version)
    assert change.columns["order_id"] == str(order["id"])
    ended = at.refunds().list_changes(since=since, until=since - timedelta(hours=2), page=None)
    assert list(ended.changes) == []


def test_a_shop_too_old_to_list_refunds_says_so(at: Connected) -> None:
    body = {"code": "rest_no_route", "message": "No route.", "data": {"status": 404}}
    for _ in range(2):
        at.woo.fail_next(404, path="/refunds", body=body)
    with pytest.raises(Exception, match="update it") as failed:
        at.refunds().fetch_many(["15"])
    assert failed.value.reason is Reason.UNSUPPORTED
    with pytest.raises(Exception, match="update it"):
        at.refunds().list_changes(since=at.shop.clock(), until=None, page=None)
