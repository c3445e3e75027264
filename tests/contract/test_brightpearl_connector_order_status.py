"""Orders at Brightpearl take over statuses of their source, and tell which of them changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.platforms import Found
from chalicelib.domain.reasons import Reason
from chalicelib.domain.records import SalesOrder
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.brightpearl_account import START
from tests.contract.brightpearl_connection import Connected, connect, reason_of, wanted


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def _status(connected: Connected, name: str) -> str:
    return str(connected.shop.merchant.statuses[name])


def _name(connected: Connected, target_id: str) -> str:
    name: str = connected.there(target_id)["orderStatus"]["name"]
    return name


def _find(connected: Connected, order: SalesOrder, target_id: str) -> Found:
    found = connected.orders().find_many([wanted(order, target_id=target_id)])[order.source_id]
    assert isinstance(found, Found), repr(found)
    return found


# moving


def test_status_of_an_order_is_told_when_it_is_written_and_found(connected: Connected) -> None:
    done = connected.create(connected.order())
    assert done.status == _status(connected, "New order")
    paid = connected.shop.merchant.statuses["Paid"]
    connected.simulator.set_order_status(int(done.target_id), paid)
    found = _find(connected, connected.order(), done.target_id)
    assert (found.status, found.equal) == (str(paid), True)


def test_order_moves_to_the_status_of_its_source(connected: Connected) -> None:
    done = connected.create(connected.order())
    order = connected.order(moves_to=_status(connected, "Completed"))
    assert not _find(connected, order, done.target_id).equal
    moved = connected.sync_one(order, done.target_id)
    assert (moved.outcome, moved.verified) == (Outcome.UPDATED, True)
    assert moved.status == _status(connected, "Completed")
    assert _name(connected, done.target_id) == "Completed"
    assert _find(connected, order, done.target_id).equal


def test_order_is_created_with_the_status_it_has_to_have(connected: Connected) -> None:
    done = connected.create(connected.order(moves_to=_status(connected, "Paid")))
    assert (done.status, done.outcome) == (_status(connected, "Paid"), Outcome.CREATED)
    assert connected.calls("/status", "PUT") == 0


def test_status_that_people_moved_on_is_moved_again_only_where_the_source_says_so(
    connected: Connected,
) -> None:
    done = connected.create(connected.order(moves_to=_status(connected, "Paid")))
    connected.simulator.set_order_status(
        int(done.target_id), connected.shop.merchant.statuses["Completed"]
    )
    assert _find(connected, connected.order(), done.target_id).equal
    again = connected.sync_one(connected.order(moves_to=_status(connected, "Paid")), done.target_id)
    assert (again.outcome, _name(connected, done.target_id)) == (Outcome.UPDATED, "Paid")


def test_status_moves_after_everything_else_is_in_step(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    done = connected.create(connected.order(connected.line(product)))
    order = connected.order(
        connected.line(product),
        payments=(connected.payment(),),
        stock="reserved",
        moves_to=_status(connected, "Paid"),
    )
    connected.simulator.fail_next(400, path="customer-payment", method="POST")
    assert reason_of(connected.sync_one(order, done.target_id)) is Reason.REJECTED_BY_TARGET
    assert _name(connected, done.target_id) == "New order"
    moved = connected.sync_one(order, done.target_id)
    assert (moved.verified, moved.taken, moved.status) == (True, True, order.moves_to)


def test_status_of_an_invoiced_and_shipped_order_still_moves(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="shipped")
    done = connected.create(order)
    connected.simulator.invoice(int(done.target_id))
    moved = connected.sync_one(
        replace(order, moves_to=_status(connected, "Completed")), done.target_id
    )
    assert (moved.verified, _name(connected, done.target_id)) == (True, "Completed")


def test_refused_status_names_both_statuses(connected: Connected) -> None:
    done = connected.create(connected.order())
    order = connected.order(moves_to=_status(connected, "Completed"))
    error = {"code": "ORDC-000", "message": "Not from here"}
    connected.simulator.fail_next(400, path="/status", method="PUT", body={"errors": [error]})
    failure = connected.sync_one(order, done.target_id)
    assert reason_of(failure) is Reason.WRONG_STATE
    new, completed = _status(connected, "New order"), order.moves_to
    for part in (f"New order ({new})", f"Completed ({completed})", "Not from here"):
        assert part in failure.detail


def test_status_that_does_not_exist_is_told_by_its_number(connected: Connected) -> None:
    done = connected.create(connected.order())
    failure = connected.sync_one(connected.order(moves_to="99"), done.target_id)
    assert reason_of(failure) is Reason.WRONG_STATE
    assert " to 99." in failure.detail


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 500}, Reason.OUTCOME_UNKNOWN),
        ({"mode": "drop_after"}, Reason.OUTCOME_UNKNOWN),
        ({"status": 403}, Reason.AUTH_REJECTED),
    ],
)
def test_status_of_which_nothing_is_known_is_looked_up(
    connected: Connected, fault: dict[str, Any], reason: Reason
) -> None:
    done = connected.create(connected.order())
    order = connected.order(moves_to=_status(connected, "Completed"))
    connected.simulator.fail_next(**fault, path="/status", method="PUT")
    assert reason_of(connected.sync_one(order, done.target_id)) is reason


def test_status_that_the_read_back_does_not_show_is_not_verified(connected: Connected) -> None:
    done = connected.create(connected.order())
    order = connected.order(moves_to=_status(connected, "Completed"))
    connected.simulator.fail_next(200, path="/status", method="PUT", body={})
    moved = connected.sync_one(order, done.target_id)
    assert (moved.verified, moved.status) == (False, _status(connected, "New order"))


# cancelling and taking back


def test_cancelled_order_moves_to_the_status_that_is_mapped(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(
        connected.line(product), payments=(connected.payment(),), stock="reserved"
    )
    done = connected.create(order)
    draft = _status(connected, "Draft / Quote")
    cancelled = replace(order, cancelled=True, moves_to=draft, unpaid=("PAY-1",))
    moved = connected.sync_one(cancelled, done.target_id)
    assert (moved.verified, moved.status) == (True, draft)
    assert connected.payments(done.target_id) == []
    assert connected.shop.level(product) == (10, 0, 10)
    assert _find(connected, cancelled, done.target_id).equal


def test_invoiced_order_moves_to_a_mapped_status_although_it_cannot_be_cancelled(
    connected: Connected,
) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(connected.line(product), stock="shipped")
    done = connected.create(order)
    connected.simulator.invoice(int(done.target_id))
    draft = _status(connected, "Draft / Quote")
    moved = connected.sync_one(replace(order, cancelled=True, moves_to=draft), done.target_id)
    assert (moved.verified, moved.status) == (True, draft)


def test_status_of_cancelled_orders_cancels_however_it_is_said(connected: Connected) -> None:
    order = connected.order()
    done = connected.create(order)
    moved = connected.sync_one(
        replace(order, moves_to=_status(connected, "Cancelled")), done.target_id
    )
    assert (moved.verified, _name(connected, done.target_id)) == (True, "Cancelled")
    shipped = connected.order(source_id="ORDER-B", reference="R-2", payments=(connected.payment(),))
    done = connected.create(shipped)
    failure = connected.sync_one(
        replace(shipped, moves_to=_status(connected, "Cancelled")), done.target_id
    )
    assert reason_of(failure) is Reason.WRONG_STATE
    assert "payments of 12.00 GBP are booked" in failure.detail


def test_cancelled_order_that_is_wanted_again_gets_its_status_goods_and_payments_back(
    connected: Connected,
) -> None:
    product = connected.shop.product(stock=10)
    order = connected.order(
        connected.line(product), payments=(connected.payment(),), stock="reserved"
    )
    done = connected.create(order)
    connected.sync_one(replace(order, cancelled=True, unpaid=("PAY-1",)), done.target_id)
    assert _name(connected, done.target_id) == "Cancelled"
    again = replace(order, moves_to=_status(connected, "Paid"))
    moved = connected.sync_one(again, done.target_id)
    assert (moved.verified, moved.taken, moved.status) == (True, True, again.moves_to)
    assert connected.shop.level(product) == (10, 2, 8)
    assert len(connected.payments(done.target_id)) == 1
    assert connected.calls("/status", "PUT") == 2


def test_nothing_to_cancel_to_is_told(connected: Connected) -> None:
    order = connected.order(cancelled_status="")
    done = connected.create(order)
    failure = connected.sync_one(replace(order, cancelled=True), done.target_id)
    assert (reason_of(failure), failure.error_code) == (Reason.REJECTED_BY_TARGET, "not_an_id")


# what changed


def _listed(connected: Connected, since: datetime = START) -> list[str]:
    page = connected.platform().source(Kind.ORDER).list_changes(since=since, until=None, page=None)
    assert page.page is None
    return [change.record for change in page.changes]


def test_orders_are_listed_by_their_last_change_with_its_time(connected: Connected) -> None:
    orders = [int(connected.shop.post("order-service/sales-order", connected.shop.sale()))]
    connected.shop.clock.advance(60)
    orders += [int(connected.shop.post("order-service/sales-order", connected.shop.sale()))]
    connected.shop.clock.advance(60)
    paid = connected.shop.merchant.statuses["Paid"]
    connected.simulator.set_order_status(orders[0], paid)
    assert _listed(connected) == [str(orders[1]), str(orders[0])]
    assert _listed(connected, START + timedelta(seconds=61)) == [str(orders[0])]
    source = connected.platform().source(Kind.ORDER)
    newest = source.list_changes(since=START, until=None, page=None).changes[-1]
    assert (newest.kind, newest.updated_at) == (Kind.ORDER, START + timedelta(minutes=2))
    assert newest.version == int(newest.updated_at.timestamp() * 1000)
    assert source.fetch_many([str(orders[0])]) == {}


def test_orders_of_another_type_are_not_listed(connected: Connected) -> None:
    order = int(connected.shop.post("order-service/sales-order", connected.shop.sale()))
    answer = {
        "metaData": {
            "columns": [{"name": "orderId"}, {"name": "orderTypeId"}, {"name": "updatedOn"}],
            "morePagesAvailable": False,
        },
        "results": [[order, 1, "2026-07-02T10:00:00.000Z"], [9, 3, "2026-07-02T10:00:00.000Z"]],
    }
    connected.simulator.fail_next(200, path="order-search", body={"response": answer})
    assert _listed(connected) == [str(order)]
    assert "orderTypeId=1" in connected.account.http.trace.exchanges[-1].url


def test_orders_of_many_pages_are_all_listed(connected: Connected) -> None:
    ids = []
    for _ in range(520):
        ids.append(connected.shop.post("order-service/sales-order", connected.shop.sale()))
        connected.shop.clock.advance(0.5)
    source, found, page = connected.platform().source(Kind.ORDER), [], None
    for _ in range(5):
        answer = source.list_changes(since=START, until=None, page=page)
        found += [change.record for change in answer.changes]
        page = answer.page
        if page is None:
            break
    assert list(dict.fromkeys(found)) == [str(order) for order in ids]
    assert page is None
