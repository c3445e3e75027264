"""Orders that changed at the source, and their goods, are brought in step at Brightpearl."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Outcome
from tests.contract.brightpearl_connection import (
    SOLD_AT,
    Connected,
    connect,
    gbp,
    reason_of,
)


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


# edits and cancellations


def test_edited_order_is_corrected_row_by_row(connected: Connected) -> None:
    product = connected.shop.product()
    gone = connected.line(key="GONE", name="Card")
    done = connected.create(connected.order(connected.line(product), gone))
    more = connected.line(product, quantity=Decimal(3), net=gbp("15.00"), tax=gbp("3.00"))
    new = connected.line(key="NEW", name="Wrap", net=gbp("1.00"), tax=gbp("0.20"))
    changed = connected.sync_one(connected.order(more, new), done.target_id)
    assert (changed.outcome, changed.verified) == (Outcome.UPDATED, True)
    there = connected.there(done.target_id)
    rows = {row["externalRef"]: row for row in there["orderRows"].values()}
    assert set(rows) == {"LINE-1", "NEW"}
    assert rows["LINE-1"]["quantity"]["magnitude"] == "3.0000"
    assert there["totalValue"]["total"] == "19.2000"


def test_edit_of_an_invoiced_order_is_a_conflict_with_both_totals(connected: Connected) -> None:
    done = connected.create(connected.order())
    connected.simulator.invoice(int(done.target_id))
    failure = connected.sync_one(connected.order(connected.line(net=gbp("20.00"))), done.target_id)
    assert reason_of(failure) is Reason.CONFLICT
    assert "12.00 GBP" in failure.detail
    assert "22.00 GBP" in failure.detail
    assert "invoiced as SI-1" in failure.detail


def test_payment_is_added_to_an_invoiced_order(connected: Connected) -> None:
    done = connected.create(connected.order())
    connected.simulator.invoice(int(done.target_id))
    changed = connected.sync_one(connected.order(payments=(connected.payment(),)), done.target_id)
    assert changed.outcome is Outcome.UPDATED
    assert len(connected.payments(done.target_id)) == 1


def test_row_that_people_added_is_kept_and_the_totals_are_told(connected: Connected) -> None:
    done = connected.create(connected.order())
    connected.shop.post(
        f"order-service/order/{done.target_id}/row",
        {
            "productName": "Delivery",
            "quantity": {"magnitude": "1"},
            "rowValue": {"taxCode": "T20", "rowNet": {"value": "5"}, "rowTax": {"value": "1"}},
        },
    )
    failure = connected.sync_one(connected.order(), done.target_id)
    assert reason_of(failure) is Reason.AMOUNTS_DIFFER
    assert "18.00 GBP" in failure.detail
    assert "12.00 GBP" in failure.detail
    assert len(connected.there(done.target_id)["orderRows"]) == 2


def test_status_that_people_moved_on_is_left(connected: Connected) -> None:
    done = connected.create(connected.order())
    connected.simulator.set_order_status(
        int(done.target_id), connected.shop.merchant.statuses["Completed"]
    )
    assert connected.sync_one(connected.order(), done.target_id).equal


def test_cancelled_order_is_cancelled_and_stays_so(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="reserved")
    done = connected.create(order)
    cancelled = replace(order, cancelled=True)
    changed = connected.sync_one(cancelled, done.target_id)
    assert (changed.outcome, changed.verified) == (Outcome.UPDATED, True)
    assert connected.there(done.target_id)["orderStatus"]["name"] == "Cancelled"
    assert connected.shop.level(product) == (10, 0, 10)
    assert connected.sync_one(cancelled, done.target_id).equal


def test_cancelled_order_gives_back_the_payments_we_booked(connected: Connected) -> None:
    order = connected.order(payments=(connected.payment(),))
    done = connected.create(order)
    cancelled = replace(order, cancelled=True, unpaid=("PAY-1",))
    changed = connected.sync_one(cancelled, done.target_id)
    assert (changed.outcome, changed.verified) == (Outcome.UPDATED, True)
    assert connected.payments(done.target_id) == []
    assert connected.there(done.target_id)["orderStatus"]["name"] == "Cancelled"


def test_payment_of_other_people_stands_in_the_way_of_a_cancellation(connected: Connected) -> None:
    order = connected.order(payments=(connected.payment(), connected.payment("3.00", key="ELSE")))
    done = connected.create(order)
    failure = connected.sync_one(replace(order, cancelled=True, unpaid=("PAY-1",)), done.target_id)
    assert reason_of(failure) is Reason.WRONG_STATE
    assert "payments of 3.00 GBP are booked" in failure.detail
    assert len(connected.payments(done.target_id)) == 2


def test_order_cancelled_before_it_was_created_is_not_created(connected: Connected) -> None:
    done = connected.sync_one(connected.order(cancelled=True))
    assert (done.outcome, done.target_id) == (Outcome.NOT_APPLICABLE, "")
    assert connected.count_orders() == 0


def test_cancellation_names_everything_that_is_in_its_way(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(
        connected.line(product), payments=(connected.payment(),), stock="shipped"
    )
    done = connected.create(order)
    connected.simulator.invoice(int(done.target_id))
    failure = connected.sync_one(replace(order, cancelled=True), done.target_id)
    assert reason_of(failure) is Reason.WRONG_STATE
    for named in ("invoiced as SI-1", "12.00 GBP", "shipped"):
        assert named in failure.detail


def test_order_cancelled_at_brightpearl_alone_is_told_and_not_touched(
    connected: Connected,
) -> None:
    done = connected.create(connected.order())
    connected.simulator.set_order_status(
        int(done.target_id), connected.shop.merchant.statuses["Cancelled"]
    )
    failure = connected.sync_one(connected.order(), done.target_id)
    assert reason_of(failure) is Reason.WRONG_STATE
    assert connected.there(done.target_id)["orderStatus"]["name"] == "Cancelled"


# goods


def test_goods_are_reserved(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="reserved")
    done = connected.create(order)
    assert (done.taken, done.detail) == (True, "")
    assert connected.shop.level(product) == (10, 2, 8)
    assert connected.sync_one(order, done.target_id).equal


def test_goods_that_are_shipped_have_left_once(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="shipped")
    done = connected.create(order)
    assert (done.taken, done.detail) == (True, "")
    assert connected.shop.level(product) == (8, 0, 8)
    again = connected.sync_one(order, done.target_id)
    assert (again.equal, again.taken) == (True, True)
    assert connected.shop.level(product) == (8, 0, 8)


def test_goods_are_not_touched_where_the_flow_does_not_want_it(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    done = connected.create(connected.order(connected.line(product)))
    assert not done.taken
    assert connected.shop.level(product) == (10, 0, 10)


@pytest.mark.parametrize("wish", ["reserved", "shipped"])
def test_what_is_there_of_too_few_goods_is_reserved_and_told(
    connected: Connected, wish: str
) -> None:
    product = connected.shop.product(stock=1)
    order = connected.order(connected.line(product), stock=wish)
    done = connected.create(order)
    assert (done.verified, done.taken) == (True, False)
    assert done.detail
    assert connected.shop.level(product) == (1, 1, 0)


def test_reservation_of_which_a_part_worked_is_looked_up(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="reserved")
    body = {"response": [1], "errors": [{"code": "WHSC-070", "message": "Not all of it"}]}
    connected.simulator.fail_next(207, path="/reservation", body=body)
    assert reason_of(connected.sync_one(order)) is Reason.OUTCOME_UNKNOWN
    assert connected.create(order).taken


def test_partial_reservation_is_not_tried_again(connected: Connected) -> None:
    product = connected.shop.product(stock=1)
    order = connected.order(connected.line(product), stock="reserved")
    done = connected.create(order)
    assert "in part" in done.detail
    assert connected.sync_one(order, done.target_id).equal


@pytest.mark.parametrize("wish", ["reserved", "shipped"])
def test_order_is_kept_where_none_of_the_goods_are_there(connected: Connected, wish: str) -> None:
    product = connected.shop.product(stock=0)
    order = connected.order(connected.line(product), stock=wish)
    done = connected.create(order)
    assert (done.verified, done.taken) == (True, False)
    assert "could be reserved" in done.detail
    again = connected.sync_one(order, done.target_id)
    assert (again.verified, again.outcome) == (True, Outcome.UNCHANGED)
    assert connected.count_orders() == 1


def test_edited_quantity_changes_what_is_reserved(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    line = connected.line(product)
    done = connected.create(connected.order(line, stock="reserved"))
    for quantity in (1, 5):
        edited = connected.order(replace(line, quantity=Decimal(quantity)), stock="reserved")
        changed = connected.sync_one(edited, done.target_id)
        assert (changed.verified, changed.taken) == (True, True)
        assert connected.shop.level(product) == (10, quantity, 10 - quantity)


def test_fewer_goods_than_were_shipped_are_a_conflict(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    line = connected.line(product)
    done = connected.create(connected.order(line, stock="shipped"))
    edited = connected.order(
        replace(line, quantity=Decimal(1), net=gbp("5.00"), tax=gbp("1.00")), stock="shipped"
    )
    failure = connected.sync_one(edited, done.target_id)
    assert reason_of(failure) is Reason.CONFLICT
    assert "shipped" in failure.detail


def test_line_added_to_a_shipped_order_is_shipped_too(connected: Connected) -> None:
    product, other = connected.shop.product(stock=10), connected.shop.product(sku="B", stock=4)
    line = connected.line(product)
    done = connected.create(connected.order(line, stock="shipped"))
    edited = connected.order(line, connected.line(other, key="LINE-2"), stock="shipped")
    changed = connected.sync_one(edited, done.target_id)
    assert (changed.verified, changed.taken, changed.detail) == (True, True, "")
    assert connected.shop.level(other) == (2, 0, 2)


def test_note_left_unshipped_by_a_crash_is_shipped_later(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="shipped")
    connected.simulator.fail_next(500, path="/event", method="POST")
    assert reason_of(connected.sync_one(order)) is Reason.OUTCOME_UNKNOWN
    assert connected.create(order).outcome is Outcome.CREATED
    assert connected.shop.level(product) == (8, 0, 8)
    assert len(connected.simulator.world.stock.notes) == 1


def test_times_of_payments_and_events_are_those_of_the_sale(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(
        connected.line(product), payments=(connected.payment(),), stock="shipped"
    )
    connected.create(order)
    payment = next(iter(connected.simulator.world.payments.by_id.values()))
    note = next(iter(connected.simulator.world.stock.notes.values()))
    assert payment.payment_date == SOLD_AT
    assert note.happened("SHW") == SOLD_AT
