"""Returns and exchanges come from Lightspeed as refunds, and never twice as money."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.records import Refund
from chalicelib.domain.statuses import Kind
from tests.contract.lightspeed_connection import Connected, connect


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        connected.store.product("MUG", stock=50)
        connected.store.product("JAR", price=35, stock=50)
        yield connected


def gbp(amount: str) -> Money:
    return Money(Decimal(amount), "GBP")


def adds_up(refund: Refund) -> bool:
    gross = sum((line.net.amount + line.tax.amount for line in refund.lines), Decimal(0))
    return gross + refund.tip.amount + refund.rounding.amount == refund.total.amount


def payments(record: Any) -> dict[str, Money]:
    return {one.method: one.amount for one in record.payments}


def test_a_return_is_a_refund_of_its_sale_with_amounts_above_zero(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"MUG": 3})
    back = at.till.take_back(sale, {"MUG": 2})

    refund = at.refund(back)

    assert (refund.id, refund.order_id, refund.location) == (back, sale, at.store.leeds)
    assert (refund.state, refund.restocks, refund.source) == (
        "completed",
        True,
        "Lightspeed · Leeds",
    )
    (line,) = refund.lines
    assert (line.quantity, line.net, line.tax) == (2, gbp("33.33"), gbp("6.67"))
    assert (refund.total, payments(refund)) == (gbp("40.00"), {"Cash": gbp("40.00")})
    assert adds_up(refund)


def test_a_return_is_no_order_but_of_another(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"MUG": 1})
    back = at.till.take_back(sale)

    assert at.order(back).returns_of == sale
    assert at.order(sale).returns_of is None
    assert at.refund(sale) is None


def test_a_return_without_a_receipt_is_of_no_order(at: Connected) -> None:
    back = at.till.sell("Leeds", {"MUG": -1})

    refund = at.refund(back)

    assert (refund.order_id, refund.total) == (None, gbp("20.00"))
    assert at.order(back).returns_of == "unknown"


def test_a_parked_return_is_pending_and_a_voided_one_failed(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"MUG": 1})
    answer = at.store.call("POST", f"sales/{sale}/actions/return")
    back = answer.json()["data"]["id"]
    assert at.refund(back).state == "pending"

    at.till.change_sale(back, "voided")

    assert at.refund(back).state == "failed"


def test_the_older_shape_of_a_return_is_read_too(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"MUG": 2})
    back = at.till.take_back(sale)
    newer = at.refund(back)
    at.till.legacy_sales = True

    older = at.refund(back)

    assert older == newer


def test_an_exchange_for_something_dearer_is_an_order_that_goods_pay_in_part(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"JAR": 1, "MUG": -1})

    order, refund = at.order(sale), at.refund(sale)

    assert (order.total, refund.total) == (gbp("35.00"), gbp("20.00"))
    assert payments(order) == {"Cash": gbp("15.00"), "EXCHANGE": gbp("20.00")}
    assert payments(refund) == {"EXCHANGE": gbp("20.00")}
    assert order.returns_of is None
    assert adds_up(refund)


def test_an_exchange_for_something_cheaper_gives_the_rest_back(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"MUG": 1, "JAR": -1})

    order, refund = at.order(sale), at.refund(sale)

    assert (order.total, refund.total) == (gbp("20.00"), gbp("35.00"))
    assert payments(order) == {"EXCHANGE": gbp("20.00")}
    assert payments(refund) == {"Cash": gbp("15.00"), "EXCHANGE": gbp("20.00")}


def test_an_even_exchange_moves_no_money(at: Connected) -> None:
    sale = at.till.sell("Leeds", {"MUG": 1, "JAR": -1})
    at.till.sales.feed.rows[sale].data["payments"] = []
    lines = at.till.sales.feed.rows[sale].data["line_items"]
    lines[1]["pricing"]["total"], lines[1]["tax"]["total"] = (
        -lines[0]["pricing"]["total"],
        -lines[0]["tax"]["total"],
    )
    at.till.sales.feed.rows[sale].data["totals"] |= {"price_incl_tax": Decimal(0)}

    order, refund = at.order(sale), at.refund(sale)

    assert payments(order) == payments(refund) == {"EXCHANGE": gbp("20.00")}
    assert (order.is_paid, order.total) == (True, refund.total)


def test_refunds_list_what_gives_back_and_orders_what_sells(at: Connected) -> None:
    since = at.store.clock()
    sold = at.till.sell("Leeds", {"MUG": 3})
    back = at.till.take_back(sold, {"MUG": 1})
    swapped = at.till.sell("York", {"JAR": 1, "MUG": -1})

    orders = [one.record for one in at.changes(Kind.ORDER, since=since)]
    refunds = [one.record for one in at.changes(Kind.REFUND, since=since)]

    assert orders == [sold, swapped]
    assert refunds == [back, swapped]


def test_goods_that_came_back_are_taken_off_what_was_sold(at: Connected) -> None:
    since = at.store.clock()
    sold = at.till.sell("Leeds", {"MUG": 3})
    at.till.take_back(sold)

    sales = at.source(Kind.ORDER).list_sales(since=since)

    assert [one.id for one in sales] == [sold]


def test_a_refund_of_more_than_its_lines_names_the_rest_without_goods(at: Connected) -> None:
    back = at.till.sell("Leeds", {"MUG": -1})
    row = at.till.sales.feed.rows[back].data
    row["totals"] |= {"price_incl_tax": Decimal("-25")}
    row["payments"][0]["amount"] = Decimal("-25")

    refund = at.refund(back)

    assert refund.total == gbp("25.00")
    assert [(line.name, line.item_id) for line in refund.lines][-1] == (
        "Refund without goods",
        None,
    )
    assert adds_up(refund)
