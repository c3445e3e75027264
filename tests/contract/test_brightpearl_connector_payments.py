"""Payments of an order are booked at Brightpearl once, and compared by our key."""

from collections.abc import Iterator

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Outcome
from tests.contract.brightpearl_connection import (
    Connected,
    connect,
    gbp,
    reason_of,
)


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def test_payments_are_booked_once_and_a_later_one_is_added(connected: Connected) -> None:
    first = connected.payment("7.00")
    done = connected.create(connected.order(payments=(first,)))
    second = connected.payment("5.00", key="PAY-2", method="CASH")
    changed = connected.sync_one(connected.order(payments=(first, second)), done.target_id)
    assert changed.outcome is Outcome.UPDATED
    found = {row["transactionRef"]: row for row in connected.payments(done.target_id)}
    assert {ref: row["amountPaid"] for ref, row in found.items()} == {
        "PAY-1": "7.0000",
        "PAY-2": "5.0000",
    }
    assert found["PAY-2"]["paymentMethodCode"] == "CASH"
    assert found["PAY-1"]["paymentType"] == "RECEIPT"
    assert connected.there(done.target_id)["orderPaymentStatus"] == "PAID"


@pytest.mark.parametrize(("number", "searches"), [("", 0), ("77", 1)])
def test_payments_of_a_new_order_are_looked_up_where_it_may_be_an_old_one(
    number: str, searches: int
) -> None:
    with connect(settings={"installation_instance_id": number}) as connected:
        connected.create(connected.order(payments=(connected.payment(),)))
        assert connected.calls("customer-payment-search") == searches


def test_payment_of_nothing_is_not_booked(connected: Connected) -> None:
    done = connected.create(connected.order(payments=(connected.payment("0.00"),)))
    assert connected.payments(done.target_id) == []


def test_payment_with_a_long_key_is_recognised(connected: Connected) -> None:
    order = connected.order(payments=(connected.payment(key="P" * 100),))
    done = connected.create(order)
    assert connected.sync_one(order, done.target_id).equal
    assert len(connected.payments(done.target_id)[0]["transactionRef"]) == 64


def test_payment_the_search_does_not_show_yet_is_not_booked_twice(connected: Connected) -> None:
    order = connected.order(payments=(connected.payment(),))
    done = connected.create(order)
    empty = connected.shop.call("GET", "accounting-service/customer-payment-search?orderId=1")
    connected.simulator.fail_next(200, path="customer-payment-search", body=empty.json())
    again = connected.sync_one(order, done.target_id)
    assert again.verified
    assert len(connected.payments(done.target_id)) == 1


def test_payment_that_only_brightpearl_has_is_left_and_told(connected: Connected) -> None:
    done = connected.create(connected.order(connected.line(net=gbp("11.00"))))
    connected.shop.post(
        "accounting-service/customer-payment",
        {
            "transactionRef": "BY-HAND",
            "paymentMethodCode": "CASH",
            "paymentType": "RECEIPT",
            "orderId": int(done.target_id),
            "currencyIsoCode": "GBP",
            "amountPaid": 5,
            "paymentDate": "2026-07-02T10:00:00.000Z",
        },
    )
    paid = connected.order(connected.line(net=gbp("11.00")), payments=(connected.payment("8.00"),))
    changed = connected.sync_one(paid, done.target_id)
    assert "5.00 GBP more" in changed.detail
    assert len(connected.payments(done.target_id)) == 2


def test_payment_booked_with_another_amount_is_a_conflict(connected: Connected) -> None:
    done = connected.create(connected.order(payments=(connected.payment("7.00"),)))
    failure = connected.sync_one(
        connected.order(payments=(connected.payment("8.00"),)), done.target_id
    )
    assert reason_of(failure) is Reason.CONFLICT
    assert "7.00 GBP" in failure.detail
    assert "8.00 GBP" in failure.detail


def test_unknown_payment_method_fails_the_payment_and_keeps_the_order(
    connected: Connected,
) -> None:
    order = connected.order(payments=(connected.payment(method="BARTER"),))
    failure = connected.sync_one(order)
    assert reason_of(failure) is Reason.REJECTED_BY_TARGET
    mended = connected.order(payments=(connected.payment(),))
    assert connected.create(mended).outcome is Outcome.CREATED
    assert connected.count_orders() == 1
