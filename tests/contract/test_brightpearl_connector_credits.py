"""Refunds become sales credits at Brightpearl: one each, with its order, goods and money."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.money import Money
from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Reason
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.brightpearl_connection import ANN, Connected, connect, gbp, reason_of
from tests.contract.brightpearl_refunds import (
    count_credits,
    create_credit,
    given_back,
    refund_of,
    sync_all,
    sync_refund,
    wanted_credit,
)


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def sold(connected: Connected, **changes: object) -> str:
    """Return the id of an order of 12.00."""
    return connected.create(replace(connected.order(), **changes)).target_id  # type: ignore[arg-type]


def test_refund_becomes_a_credit_of_its_order(connected: Connected) -> None:
    order = sold(connected, customer=ANN)
    done = create_credit(connected, refund_of(connected, order_id=order))
    assert (done.outcome, done.verified) == (Outcome.CREATED, True)
    there = connected.there(done.target_id)
    assert (there["orderTypeCode"], there["parentOrderId"]) == ("SC", int(order))
    assert there["totalValue"]["total"] == "12.0000"
    assert (there["externalRef"], there["reference"]) == ("REFUND-1", "R-1001 back")
    assert (
        there["parties"]["customer"]["contactId"]
        == (connected.there(order)["parties"]["customer"]["contactId"])
    )
    assert there["assignment"]["current"]["channelId"] == connected.shop.merchant.channels[0]
    found = sync_refund(connected, refund_of(connected, order_id=order), target_id=done.target_id)
    assert (found.equal, found.ours, found.total) == (True, True, "12.00 GBP")


def test_credit_without_a_status_gets_the_accounts_own(connected: Connected) -> None:
    references = connected.simulator.world.references
    other = references.add_status("Approved credit", order_type="SC")
    draft = min(one.id for one in references.statuses.values() if one.order_type == "SC")
    own = create_credit(connected, refund_of(connected))
    assert connected.there(own.target_id)["orderStatus"]["orderStatusId"] == draft
    refund = refund_of(connected, source_id="REFUND-2", status=str(other))
    assert create_credit(connected, refund).status == str(other)


def test_return_without_receipt_is_credited_to_the_walk_in_contact(connected: Connected) -> None:
    done = create_credit(connected, refund_of(connected))
    there = connected.there(done.target_id)
    assert there["parentOrderId"] == 0
    assert there["parties"]["customer"]["contactId"] == connected.shop.merchant.walk_in


def test_return_without_receipt_of_a_known_buyer_is_credited_to_them(
    connected: Connected,
) -> None:
    ann = connected.simulator.add_contact("Ann", "Example", email="ann@example.com")
    done = create_credit(connected, refund_of(connected, customer=ANN))
    party = connected.there(done.target_id)["parties"]["customer"]
    assert (party["contactId"], party["addressFullName"]) == (ann, "Ann Example")


def test_return_of_nobody_without_walk_in_contact_says_what_to_choose(
    connected: Connected,
) -> None:
    failure = sync_refund(connected, refund_of(connected, walk_in_contact=""))
    assert (failure.error_code, count_credits(connected)) == ("no_contact", 0)


def test_order_and_refund_of_one_id_are_kept_apart(connected: Connected) -> None:
    order = sold(connected, source_id="X-1")
    done = create_credit(connected, refund_of(connected, source_id="X-1", order_id=order))
    assert done.target_id != order
    found = sync_refund(connected, refund_of(connected, source_id="X-1", order_id=order))
    assert (found.target_id, found.equal, found.ours) == (done.target_id, True, False)
    assert connected.sync_one(connected.order(source_id="X-1")).target_id == order


@pytest.mark.parametrize("number", ["", "77"], ids=["private", "oauth"])
def test_same_refund_five_times_is_one_credit_and_one_payment(number: str) -> None:
    with connect(settings={"installation_instance_id": number}) as connected:
        refund = refund_of(connected, order_id=sold(connected), payments=(given_back(),))
        ids = {sync_refund(connected, refund).target_id for _ in range(5)}
        assert len(ids) == 1
        assert (count_credits(connected), len(connected.payments(ids.pop()))) == (1, 1)


@pytest.mark.parametrize("repeats", [True, False], ids=["says-id", "says-nothing"])
def test_repeated_create_the_search_does_not_show_changes_nothing(repeats: bool) -> None:
    with connect(settings={"installation_instance_id": "77"}) as connected:
        connected.simulator.world.behaviour.repeat_answers_id = repeats
        refund = refund_of(connected, payments=(given_back(),))
        done = create_credit(connected, refund)
        target = connected.platform().target(Kind.REFUND, {})
        again = target.write_many([(wanted_credit(refund), None)])["REFUND-1"]
        assert (again.target_id, again.verified) == (done.target_id, True)
        assert (count_credits(connected), len(connected.payments(done.target_id))) == (1, 1)


def test_credit_whose_answer_was_lost_is_found_and_finished(connected: Connected) -> None:
    refund = refund_of(connected, order_id=sold(connected), payments=(given_back(),))
    connected.simulator.fail_next(mode="drop_after", path="sales-credit", method="POST")
    assert reason_of(sync_refund(connected, refund)) is Reason.OUTCOME_UNKNOWN
    done = sync_refund(connected, refund, unclear=True)
    assert done.outcome is Outcome.CREATED
    assert (count_credits(connected), len(connected.payments(done.target_id))) == (1, 1)


def test_payment_whose_answer_was_lost_is_not_booked_twice(connected: Connected) -> None:
    refund = refund_of(connected, payments=(given_back(),))
    connected.simulator.fail_next(mode="drop_after", path="customer-payment", method="POST")
    assert reason_of(sync_refund(connected, refund)) is Reason.OUTCOME_UNKNOWN
    found = sync_refund(connected, refund, unclear=True)
    assert found.equal
    assert len(connected.payments(found.target_id)) == 1


def test_money_goes_out_by_each_payment(connected: Connected) -> None:
    payments = (given_back("7.00"), given_back("5.00", key="P-2", method="CASH"))
    done = create_credit(connected, refund_of(connected, payments=payments))
    found = {row["transactionRef"]: row for row in connected.payments(done.target_id)}
    assert {ref: (row["paymentType"], row["amountPaid"]) for ref, row in found.items()} == {
        "refund-BACK-PAY-1": ("PAYMENT", "7.0000"),
        "refund-P-2": ("PAYMENT", "5.0000"),
    }
    assert connected.there(done.target_id)["orderPaymentStatus"] == "PAID"


def test_exchange_may_pay_order_and_refund_under_one_payment_id(connected: Connected) -> None:
    paid = connected.payment(key="X-1", method="CARD")
    order = connected.create(connected.order(payments=(paid,)))
    done = create_credit(connected, refund_of(connected, payments=(given_back(key="X-1"),)))
    assert len(connected.payments(order.target_id)) == 1
    assert len(connected.payments(done.target_id)) == 1


def test_payment_that_the_source_took_back_is_removed_and_one_by_people_stays(
    connected: Connected,
) -> None:
    first, second = given_back("7.00"), given_back("5.00", key="P-2")
    done = create_credit(connected, refund_of(connected, payments=(first, second)))
    by_hand = {
        "transactionRef": "BY-HAND",
        "paymentMethodCode": "CASH",
        "paymentType": "PAYMENT",
        "orderId": int(done.target_id),
        "currencyIsoCode": "GBP",
        "amountPaid": 1,
        "paymentDate": "2026-07-02T10:00:00.000Z",
    }
    connected.shop.post("accounting-service/customer-payment", by_hand)
    changed = sync_refund(
        connected, refund_of(connected, payments=(first,)), target_id=done.target_id
    )
    assert changed.outcome is Outcome.UPDATED
    assert "1.00 GBP more" in changed.detail
    left = {row["transactionRef"] for row in connected.payments(done.target_id)}
    assert left == {"refund-BACK-PAY-1", "BY-HAND"}


def test_money_given_back_with_another_amount_is_a_conflict(connected: Connected) -> None:
    done = create_credit(connected, refund_of(connected, payments=(given_back("7.00"),)))
    other = refund_of(connected, payments=(given_back("8.00"),))
    failure = sync_refund(connected, other, target_id=done.target_id)
    assert reason_of(failure) is Reason.CONFLICT
    assert "7.00 GBP" in failure.detail
    assert "8.00 GBP" in failure.detail


def test_refund_of_more_than_remains_writes_nothing(connected: Connected) -> None:
    order = sold(connected)
    half = connected.line(key="BACK-1", net=gbp("5.00"), tax=gbp("1.00"))
    create_credit(connected, refund_of(connected, half, order_id=order))
    more = refund_of(connected, order_id=order, source_id="REFUND-2")
    failure = sync_refund(connected, more)
    assert (reason_of(failure), failure.field) == (Reason.REJECTED_BY_TARGET, "total")
    assert "12.00 GBP" in failure.detail
    assert "6.00 GBP that is left" in failure.detail
    assert count_credits(connected) == 1


def test_two_refunds_of_one_batch_share_what_remains(connected: Connected) -> None:
    connected.simulator.world.behaviour.search_lag_s = 60
    order = sold(connected)
    both = [refund_of(connected, order_id=order, source_id=f"REFUND-{n}") for n in (1, 2)]
    results = sync_all(connected, Kind.REFUND, [wanted_credit(one) for one in both])
    assert isinstance(results["REFUND-1"], Done)
    assert results["REFUND-2"].error_code == "more_than_remains"


def test_refund_of_an_order_that_is_gone_names_it(connected: Connected) -> None:
    order = sold(connected)
    del connected.simulator.world.orders.by_id[int(order)]
    failure = sync_refund(connected, refund_of(connected, order_id=order))
    assert reason_of(failure) is Reason.MISSING_AT_TARGET
    assert f"Order {order}" in failure.detail


def test_refund_of_a_cancelled_order_is_refused(connected: Connected) -> None:
    order = sold(connected)
    statuses = connected.shop.merchant.statuses
    connected.simulator.set_order_status(int(order), statuses["Cancelled"])
    failure = sync_refund(connected, refund_of(connected, order_id=order))
    assert reason_of(failure) is Reason.WRONG_STATE
    assert count_credits(connected) == 0


def test_refund_in_another_currency_than_its_order_is_refused(connected: Connected) -> None:
    order = sold(connected)
    line = connected.line(net=Money(Decimal("10.00"), "EUR"), tax=Money(Decimal("2.00"), "EUR"))
    failure = sync_refund(connected, refund_of(connected, line, order_id=order))
    assert (reason_of(failure), failure.field) == (Reason.CONFLICT, "currency")
    assert "GBP" in failure.detail
    assert "EUR" in failure.detail
    assert count_credits(connected) == 0


def test_yen_are_credited_whole(connected: Connected) -> None:
    line = connected.line(net=Money(Decimal(1000), "JPY"), tax=Money(Decimal(100), "JPY"))
    payment = replace(given_back(), amount=Money(Decimal(1100), "JPY"))
    refund = refund_of(connected, line, payments=(payment,))
    done = create_credit(connected, refund)
    assert connected.there(done.target_id)["currency"]["orderCurrencyCode"] == "JPY"
    assert sync_refund(connected, refund, target_id=done.target_id).total == "1100 JPY"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"net": Money(Decimal("1.234"), "KWD"), "tax": Money(Decimal(0), "KWD")}, "unsupported"),
        ({"product_id": "9999"}, "missing_at_target"),
    ],
    ids=["three-decimals", "unknown-product"],
)
def test_line_that_brightpearl_cannot_hold_writes_nothing(
    connected: Connected, line: dict[str, object], reason: str
) -> None:
    refund = refund_of(connected, connected.line(**line))
    assert reason_of(sync_refund(connected, refund)) == reason
    assert count_credits(connected) == 0


def test_lines_that_do_not_add_up_write_nothing(connected: Connected) -> None:
    failure = sync_refund(connected, refund_of(connected, total=gbp("13.00")))
    assert reason_of(failure) is Reason.AMOUNTS_DIFFER
    assert failure.detail.startswith("The lines of the refund add up to 12.00 GBP")
    assert "differ by -1.00 GBP" in failure.detail
    assert count_credits(connected) == 0


def test_changed_refund_changes_the_rows_of_its_credit(connected: Connected) -> None:
    order = sold(connected)
    done = create_credit(connected, refund_of(connected, order_id=order))
    lines = (
        connected.line(key="BACK-1", net=gbp("5.00"), tax=gbp("1.00")),
        connected.line(key="BACK-2", net=gbp("2.50"), tax=gbp("0.50")),
    )
    refund = refund_of(connected, *lines, order_id=order)
    changed = sync_refund(connected, refund, target_id=done.target_id)
    assert (changed.outcome, changed.verified) == (Outcome.UPDATED, True)
    assert connected.there(done.target_id)["totalValue"]["total"] == "9.0000"
    back = sync_refund(
        connected, refund_of(connected, lines[0], order_id=order), target_id=done.target_id
    )
    assert back.verified
    assert len(connected.there(done.target_id)["orderRows"]) == 1


def test_refund_may_grow_to_all_of_its_order(connected: Connected) -> None:
    order = sold(connected)
    half = connected.line(key="BACK-1", net=gbp("5.00"), tax=gbp("1.00"))
    done = create_credit(connected, refund_of(connected, half, order_id=order))
    whole = sync_refund(connected, refund_of(connected, order_id=order), target_id=done.target_id)
    assert whole.verified
    assert connected.there(done.target_id)["totalValue"]["total"] == "12.0000"


def test_row_that_people_added_is_told_by_both_totals(connected: Connected) -> None:
    done = create_credit(connected, refund_of(connected))
    value = {"taxCode": "T0", "rowNet": {"value": "1.00"}, "rowTax": {"value": "0.00"}}
    row = {"productName": "Goodwill", "quantity": {"magnitude": "1"}, "rowValue": value}
    connected.shop.post(f"order-service/order/{done.target_id}/row", row)
    failure = sync_refund(connected, refund_of(connected), target_id=done.target_id)
    assert reason_of(failure) is Reason.AMOUNTS_DIFFER
    assert "13.00 GBP" in failure.detail
    assert "12.00 GBP" in failure.detail


def test_link_to_something_that_is_no_credit_is_not_taken_for_one(connected: Connected) -> None:
    order = sold(connected)
    one = wanted_credit(refund_of(connected), target_id=order)
    assert connected.platform().target(Kind.REFUND, {}).find_many([one]) == {}


@pytest.mark.parametrize(("number", "searches"), [("", 0), ("77", 1)])
def test_payments_of_a_new_credit_are_looked_up_where_it_may_be_an_old_one(
    number: str, searches: int
) -> None:
    with connect(settings={"installation_instance_id": number}) as connected:
        create_credit(connected, refund_of(connected, payments=(given_back(),)))
        assert connected.calls("customer-payment-search") == searches


def test_refund_that_grows_beyond_its_order_is_refused(connected: Connected) -> None:
    order = sold(connected)
    done = create_credit(connected, refund_of(connected, order_id=order))
    grown = refund_of(connected, connected.line(key="BACK-1", net=gbp("10.01")), order_id=order)
    failure = sync_refund(connected, grown, target_id=done.target_id)
    assert failure.error_code == "more_than_remains"
    assert connected.there(done.target_id)["totalValue"]["total"] == "12.0000"


def test_invoiced_credit_that_differs_is_a_conflict_with_both_totals(
    connected: Connected,
) -> None:
    done = create_credit(connected, refund_of(connected))
    connected.shop.call("POST", f"order-service/sales-credit/{done.target_id}/close")
    other = refund_of(connected, connected.line(key="BACK-1", net=gbp("9.00")))
    failure = sync_refund(connected, other, target_id=done.target_id)
    assert reason_of(failure) is Reason.CONFLICT
    assert "12.00 GBP" in failure.detail
    assert "11.00 GBP" in failure.detail
    paid = refund_of(connected, payments=(given_back(),))
    assert sync_refund(connected, paid, target_id=done.target_id).outcome is Outcome.UPDATED


def test_credit_of_another_order_is_a_conflict(connected: Connected) -> None:
    done = create_credit(connected, refund_of(connected))
    order = sold(connected)
    failure = sync_refund(connected, refund_of(connected, order_id=order), target_id=done.target_id)
    assert (reason_of(failure), failure.field) == (Reason.CONFLICT, "parentId")


def test_linked_credit_that_was_deleted_is_not_found(connected: Connected) -> None:
    refund = refund_of(connected)
    done = create_credit(connected, refund)
    order = connected.simulator.world.orders
    target = connected.platform().target(Kind.REFUND, {})
    gone = order.by_id.pop(int(done.target_id))
    order.by_external_ref["REFUND-1"].remove(gone)
    one = wanted_credit(refund, target_id=done.target_id)
    assert target.find_many([one]) == {}


def test_two_credits_for_one_refund_are_a_conflict_naming_both(connected: Connected) -> None:
    body = connected.shop.sale(externalRef="REFUND-1")
    first, second = (connected.shop.post("order-service/sales-credit", body) for _ in "ab")
    failure = sync_refund(connected, refund_of(connected))
    assert reason_of(failure) is Reason.CONFLICT
    assert f"{first} and {second}" in failure.detail


def test_linked_credits_are_found_in_few_calls(connected: Connected) -> None:
    refunds = [refund_of(connected, source_id=f"REFUND-{n}", restock=True) for n in range(5)]
    made = {one.source_id: create_credit(connected, one).target_id for one in refunds}
    before = connected.calls("public-api")
    wanted = [wanted_credit(one, target_id=made[one.source_id]) for one in refunds]
    found = connected.platform().target(Kind.REFUND, {}).find_many(wanted)
    assert all(isinstance(one, Found) and one.equal for one in found.values())
    assert connected.calls("public-api") == before + 3


def test_refund_that_brightpearl_refuses_does_not_fail_its_neighbour(
    connected: Connected,
) -> None:
    bad = refund_of(connected, connected.line(tax_code="NONE"), source_id="REFUND-2")
    wanted = [wanted_credit(bad), wanted_credit(refund_of(connected))]
    results = sync_all(connected, Kind.REFUND, wanted)
    assert reason_of(results["REFUND-2"]) is Reason.REJECTED_BY_TARGET
    assert isinstance(results["REFUND-1"], Done)
