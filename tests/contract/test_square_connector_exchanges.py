"""Exchanges at Square: an order of what was sold, and a refund of the goods that paid for it."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.records import Order, Refund
from chalicelib.domain.statuses import Kind
from tests.contract.square_connection import Connected, connect
from tests.contract.square_refunds import apart, fetched, gbp, paid, walk


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def test_an_exchange_for_more_is_an_order_and_a_refund_that_goods_paid(at: Connected) -> None:
    shirt, coat = at.shop.make("SHIRT"), at.shop.make("COAT")
    sale = at.square.sell(at.places[0], [(shirt, 1, 2495)])
    made = at.square.exchange(sale, [(1, 1)], [(coat, 1, 3000)])

    order, refund = read_exchange(at, made["order"], made["order"])

    assert made["refunds"] == []
    assert (order.total, refund.total) == (gbp("30.00"), gbp("24.95"))
    assert paid(order) == [("CARD", "5.05"), ("EXCHANGE", "24.95")]
    assert paid(refund) == [("EXCHANGE", "24.95")]
    assert (refund.order_id, refund.restocks) == (sale, True)
    assert [line.item_id for line in refund.lines] == [shirt]
    assert [(one.record, one.kind) for one in walk(at)] == [(made["order"], Kind.REFUND)]


def test_an_exchange_for_less_is_an_order_and_the_refund_of_the_rest(at: Connected) -> None:
    shirt, sock = at.shop.make("SHIRT"), at.shop.make("SOCK")
    sale = at.square.sell(at.places[0], [(shirt, 1, 2495)])
    made = at.square.exchange(sale, [(1, 1)], [(sock, 1, 1000)])

    order, refund = read_exchange(at, made["order"], made["refunds"][0])

    assert (order.total, refund.total) == (gbp("10.00"), gbp("24.95"))
    assert paid(order) == [("EXCHANGE", "10.00")]
    assert paid(refund) == [("CARD", "14.95"), ("EXCHANGE", "10.00")]
    assert [one.record for one in walk(at)] == made["refunds"]


def test_an_exchange_for_less_may_be_paid_back_in_parts(at: Connected) -> None:
    bought = [{"name": "Coat", "price": 2000}, {"name": "Hat", "price": 1000}]
    sale = at.square.sell(at.places[0], bought, tenders=[("CARD", 1500), ("CASH", 1500)])
    made = at.square.exchange(sale, None, [(None, 1, 1000)], parts=[1200, 800])

    first, second = (fetched(at, one) for one in apart(at, made["refunds"]))

    assert (paid(first), first.total) == ([("CARD", "12.00"), ("EXCHANGE", "10.00")], gbp("22.00"))
    assert (paid(second), second.total) == ([("CASH", "8.00")], gbp("8.00"))
    assert [line.name for line in (*first.lines, *second.lines)] == ["Coat", "Hat", "Hat (rest)"]


def read_exchange(at: Connected, order_id: str, refund_id: str) -> tuple[Order, Refund]:
    order = at.orders().fetch_many([order_id])[order_id]
    refund = fetched(at, refund_id)
    assert order.is_paid
    assert order.returns_of is None
    given = sum((one.amount for one in refund.payments), Money.zero("GBP"))
    assert given == refund.total
    net = at.shop.order(order_id)["net_amounts"]["total_money"]["amount"]
    assert (order.total - refund.total).to_minor() == net
    return order, refund


def test_what_was_bought_in_an_exchange_can_be_given_back_too(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 1000)])
    exchange = at.square.exchange(sale, [(1, 1)], [(None, 1, 4000)])["order"]
    (refund_id,) = at.square.refund(exchange, amount=700)

    refund = fetched(at, refund_id)

    assert (refund.order_id, refund.total) == (exchange, gbp("7.00"))


def test_a_refund_that_names_an_even_exchange_gives_back_what_that_sold(at: Connected) -> None:
    shirt = at.shop.make()
    sale = at.square.sell(at.places[0], [(shirt, 1, 1000)])
    exchange = at.square.exchange(sale, [(1, 1)], [(None, 1, 4000)])["order"]
    (refund_id,) = at.square.refund(exchange, amount=700)
    at.square.refunds.refunds[refund_id].order_id = exchange

    refund = fetched(at, refund_id)

    assert (refund.order_id, refund.total) == (exchange, gbp("7.00"))
    assert [line.item_id for line in refund.lines] == [None]


@pytest.mark.parametrize(
    ("order_state", "state"),
    [("OPEN", "pending"), ("COMPLETED", "completed"), ("CANCELED", "failed")],
)
def test_goods_have_paid_once_the_exchange_is_closed(
    at: Connected, order_state: str, state: str
) -> None:
    sale = at.square.sell(at.places[0], [(None, 1, 1000)])
    exchange = at.square.exchange(sale, [(1, 1)], [(None, 1, 1000)])["order"]
    at.square.edit(exchange, state=order_state)

    refund = fetched(at, exchange)

    assert refund.state == state
    assert paid(refund) == ([("EXCHANGE", "10.00")] if state == "completed" else [])


def test_exchanges_tell_no_times_so_that_no_cursor_passes_over_refunds(at: Connected) -> None:
    sale = at.square.sell(at.places[0], [(None, 2, 100)])
    (refund_id,) = at.square.refund(sale, [(1, 1)])
    at.shop.clock.advance(60)
    order = at.square.exchange(sale, [(1, 1)], [(None, 1, 100)])["order"]

    changes = walk(at)

    assert [(one.record, one.updated_at is None) for one in changes] == [
        (order, True),
        (refund_id, False),
    ]
    assert changes[0].columns["order_id"] == sale
