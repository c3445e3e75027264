"""The Brightpearl connector writes one sales order for each order, once, whatever is retried."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.platforms import Done, Found
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.statuses import Outcome
from tests.contract.brightpearl_connection import (
    ANN,
    SOLD_AT,
    Connected,
    connect,
    gbp,
    reason_of,
    wanted,
)


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def test_order_is_created_with_lines_total_and_places(connected: Connected) -> None:
    product = connected.shop.product()
    discount = connected.line(
        key="DISC-1",
        name="Discount",
        quantity=Decimal(1),
        net=gbp("-1.67"),
        tax=gbp("-0.33"),
        nominal_code="4009",
    )
    tip = connected.line(key="tip", name="Tip", net=gbp("2.00"), tax=gbp("0"), tax_code="T0")
    order = connected.order(connected.line(product), discount, tip)
    done = connected.create(order)
    assert (done.outcome, done.verified, done.detail) == (Outcome.CREATED, True, "")
    there = connected.there(done.target_id)
    assert (there["externalRef"], there["reference"]) == ("ORDER-AAAA", "R-1001")
    assert there["totalValue"]["total"] == "12.0000"
    assert there["warehouseId"] == connected.shop.shop
    assert there["assignment"]["current"]["channelId"] == connected.shop.merchant.channels[0]
    assert there["orderStatus"]["name"] == "New order"
    assert there["placedOn"] == "2026-07-02T10:30:00.000+01:00"
    assert there["parties"]["customer"]["contactId"] == connected.shop.merchant.walk_in
    rows = {row["externalRef"]: row for row in there["orderRows"].values()}
    assert rows["LINE-1"]["productId"] == product
    assert rows["LINE-1"]["quantity"]["magnitude"] == "2.0000"
    assert rows["DISC-1"]["rowValue"]["rowNet"]["value"] == "-1.6700"
    assert rows["DISC-1"]["nominalCode"] == "4009"
    assert (rows["tip"]["productName"], rows["tip"]["rowValue"]["taxCode"]) == ("Tip", "T0")


def test_order_that_is_there_and_equal_is_found_and_not_written(connected: Connected) -> None:
    order = connected.order(payments=(connected.payment(),))
    done = connected.create(order)
    found = connected.orders().find_many([wanted(order, target_id=done.target_id)])
    there = found[order.source_id]
    assert isinstance(there, Found)
    assert (there.equal, there.ours, there.total) == (True, True, "12.00 GBP")
    assert there.target_id == done.target_id


def test_order_is_found_by_its_reference_where_the_link_is_lost(connected: Connected) -> None:
    order = connected.order()
    done = connected.create(order)
    there = connected.orders().find_many([wanted(order)])[order.source_id]
    assert isinstance(there, Found)
    assert (there.target_id, there.equal, there.ours) == (done.target_id, True, False)
    assert connected.count_orders() == 1


def test_linked_order_that_is_gone_is_absent(connected: Connected) -> None:
    order = connected.order()
    assert connected.orders().find_many([wanted(order, target_id="999")]) == {}


def test_linked_orders_of_a_batch_are_read_in_one_call(connected: Connected) -> None:
    orders = [connected.order(source_id=f"O-{n}") for n in range(10)]
    done = connected.sync(*(wanted(order) for order in orders))
    before = connected.calls("/")
    linked = [wanted(order, target_id=done[order.source_id].target_id) for order in orders]
    found = connected.orders().find_many(linked)
    assert all(one.equal for one in found.values())
    assert len(found) == 10
    assert connected.calls("/") - before == 1


@pytest.mark.parametrize("repeats", [False, True])
def test_repeated_create_of_an_oauth_app_leaves_one_order(
    connected: Connected, repeats: bool
) -> None:
    connected.simulator.world.behaviour.repeat_answers_id = repeats
    with connect(settings={"installation_instance_id": "77"}) as oauth_like:
        oauth_like.simulator.world.behaviour.repeat_answers_id = repeats
        order = oauth_like.order()
        target = oauth_like.orders()
        first = target.write_many([(wanted(order), None)])[order.source_id]
        second = oauth_like.orders().write_many([(wanted(order), None)])[order.source_id]
        assert isinstance(first, Done)
        assert isinstance(second, Done)
        assert first.target_id == second.target_id
        assert oauth_like.count_orders() == 1
        there = oauth_like.there(first.target_id)
        assert there["installedIntegrationInstanceId"] == 77


def test_order_people_typed_in_with_our_reference_is_adopted(connected: Connected) -> None:
    number = connected.shop.post("order-service/sales-order", connected.shop.sale(ref="R-1001"))
    row = connected.line(quantity=Decimal(1))
    order = connected.order(row)
    there = connected.orders().find_many([wanted(order)])[order.source_id]
    assert isinstance(there, Found)
    assert (there.target_id, there.ours, there.equal) == (str(number), False, True)


def test_order_with_our_reference_and_another_total_is_none_of_ours(connected: Connected) -> None:
    connected.shop.post("order-service/sales-order", connected.shop.sale(ref="R-1001"))
    order = connected.order(connected.line(net=gbp("11.00")))
    assert connected.create(order).outcome is Outcome.CREATED
    assert connected.count_orders() == 2


def test_order_with_our_reference_and_total_and_other_rows_is_a_conflict(
    connected: Connected,
) -> None:
    connected.shop.post("order-service/sales-order", connected.shop.sale(ref="R-1001"))
    order = connected.order(connected.line(net=gbp("9.00"), tax=gbp("3.00")))
    assert reason_of(connected.sync_one(order)) is Reason.CONFLICT
    assert connected.count_orders() == 1


def test_two_orders_for_one_are_a_conflict_until_one_is_cancelled(connected: Connected) -> None:
    for _ in range(2):
        connected.shop.post(
            "order-service/sales-order", connected.shop.sale(externalRef="ORDER-AAAA")
        )
    order = connected.order(connected.line(quantity=Decimal(1)))
    failure = connected.sync_one(order)
    assert isinstance(failure, SyncFailure)
    assert (failure.reason, failure.error_code) == (Reason.CONFLICT, "double")
    assert "501 and 502" in failure.detail
    connected.simulator.set_order_status(502, connected.shop.merchant.statuses["Cancelled"])
    assert connected.sync_one(order).target_id == "501"


def test_one_bad_order_does_not_harm_its_neighbours(connected: Connected) -> None:
    bad = connected.order(connected.line(tax_code="NONE"), source_id="BAD")
    good = [connected.order(source_id=f"GOOD-{n}") for n in range(2)]
    results = connected.sync(wanted(good[0]), wanted(bad), wanted(good[1]))
    assert reason_of(results["BAD"]) is Reason.REJECTED_BY_TARGET
    assert "taxCode" in results["BAD"].detail
    assert results["BAD"].code == 400
    assert [results[one.source_id].verified for one in good] == [True, True]


# what is refused before anything is written


def test_lines_that_do_not_add_up_are_refused_with_both_amounts(connected: Connected) -> None:
    failure = connected.sync_one(connected.order(total=gbp("12.50")))
    assert reason_of(failure) is Reason.AMOUNTS_DIFFER
    assert "12.00 GBP" in failure.detail
    assert "12.50 GBP" in failure.detail
    assert connected.count_orders() == 0


def test_part_of_a_piece_of_a_tracked_product_is_unsupported(connected: Connected) -> None:
    product = connected.shop.product()
    failure = connected.sync_one(connected.order(connected.line(product, quantity=Decimal("0.35"))))
    assert reason_of(failure) is Reason.UNSUPPORTED
    assert "LINE-1" in failure.detail
    assert connected.count_orders() == 0


def test_part_of_a_piece_of_an_untracked_product_is_sold(connected: Connected) -> None:
    product = connected.shop.product(tracked=False, stock=0)
    order = connected.order(connected.line(product, quantity=Decimal("0.35")), stock="reserved")
    done = connected.create(order)
    assert (done.verified, done.taken) == (True, True)


def test_product_brightpearl_does_not_have_is_named(connected: Connected) -> None:
    failure = connected.sync_one(connected.order(connected.line(999)))
    assert reason_of(failure) is Reason.MISSING_AT_TARGET
    assert "999" in failure.detail


@pytest.mark.parametrize(
    ("field", "named"),
    [("warehouse", "warehouse"), ("channel", "channel"), ("status", "order status")],
)
def test_setting_that_is_no_id_is_named(connected: Connected, field: str, named: str) -> None:
    failure = connected.sync_one(replace(connected.order(), **{field: "High Street"}))
    assert reason_of(failure) is Reason.REJECTED_BY_TARGET
    assert f"The {named} " in failure.detail


# buyers


def test_buyer_is_created_once_and_found_by_email_afterwards(connected: Connected) -> None:
    first = connected.create(connected.order(customer=ANN))
    loud = replace(ANN, email="ANN@Example.com")
    second = connected.create(connected.order(source_id="ORDER-BBBB", customer=loud))
    contact = connected.there(first.target_id)["parties"]["customer"]
    assert (
        connected.there(second.target_id)["parties"]["customer"]["contactId"]
        == (contact["contactId"])
    )
    assert contact["addressFullName"] == "Ann Example"
    assert contact["countryIsoCode3"] == "GBR"
    made = connected.simulator.world.contacts.by_id[contact["contactId"]]
    assert (made.first_name, made.last_name, made.email) == ("Ann", "Example", "ann@example.com")
    address = connected.simulator.world.contacts.addresses[made.addresses["DEF"]]
    assert address["addressLine3"] == "Bristol"


def test_two_orders_of_a_new_buyer_in_one_batch_make_one_contact(connected: Connected) -> None:
    connected.simulator.world.behaviour.search_lag_s = 5
    before = len(connected.simulator.world.contacts.by_id)
    orders = [connected.order(source_id=f"O-{n}", customer=ANN) for n in range(2)]
    connected.orders().write_many([(wanted(order), None) for order in orders])
    assert len(connected.simulator.world.contacts.by_id) == before + 1
    assert connected.count_orders() == 2


def test_of_two_contacts_with_one_email_the_older_one_is_taken(connected: Connected) -> None:
    first = connected.simulator.add_contact("Ann", "One", email="ann@example.com")
    connected.simulator.add_contact("Ann", "Two", email="ann@example.com")
    done = connected.create(connected.order(customer=ANN))
    assert connected.there(done.target_id)["parties"]["customer"]["contactId"] == first


def test_buyer_without_address_or_with_long_names_is_created(connected: Connected) -> None:
    long = replace(ANN, given_name="A" * 40, family_name="B" * 40, address={}, phone="")
    done = connected.create(connected.order(customer=long))
    contact = connected.there(done.target_id)["parties"]["customer"]["contactId"]
    made = connected.simulator.world.contacts.by_id[contact]
    assert (len(made.first_name), len(made.last_name)) == (32, 32)


def test_buyer_without_email_is_booked_on_the_walk_in_contact_by_name(
    connected: Connected,
) -> None:
    done = connected.create(connected.order(customer=replace(ANN, email="")))
    party = connected.there(done.target_id)["parties"]["customer"]
    assert party["contactId"] == connected.shop.merchant.walk_in
    assert party["addressFullName"] == "Ann Example"


def test_sale_without_buyer_and_walk_in_contact_says_what_to_choose(connected: Connected) -> None:
    failure = connected.sync_one(connected.order(walk_in_contact=""))
    assert reason_of(failure) is Reason.REJECTED_BY_TARGET
    assert "walk-in" in failure.detail


def test_country_is_written_with_two_letters_where_the_account_wants_it() -> None:
    with connect(settings={"country_format": "alpha2"}) as connected:
        done = connected.create(connected.order(customer=ANN))
        number = int(done.target_id)
        assert connected.simulator.world.orders.by_id[number].address["countryIsoCode"] == "GB"


def test_buyer_named_later_replaces_the_walk_in_contact(connected: Connected) -> None:
    done = connected.create(connected.order())
    changed = connected.sync_one(connected.order(customer=ANN), done.target_id)
    assert (changed.outcome, changed.verified) == (Outcome.UPDATED, True)
    contact = connected.there(done.target_id)["parties"]["customer"]["contactId"]
    assert connected.simulator.world.contacts.by_id[contact].email == "ann@example.com"


# payments


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
    assert again.verified
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
