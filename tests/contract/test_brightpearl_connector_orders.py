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


@pytest.mark.parametrize(("number", "searches"), [("", 2), ("77", 1)])
def test_only_private_apps_look_for_orders_that_people_typed_in(number: str, searches: int) -> None:
    with connect(settings={"installation_instance_id": number}) as connected:
        assert connected.orders().find_many([wanted(connected.order())]) == {}
        assert connected.calls("order-search") == searches


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


def test_search_that_shows_more_than_was_asked_for_is_compared_again(
    connected: Connected,
) -> None:
    done = connected.create(connected.order(source_id="ORDER-AAAAB"))
    path = f"order-service/order-search?orderId={done.target_id}"
    loose = connected.shop.call("GET", path).json()
    connected.simulator.fail_next(200, path="order-search", body=loose)
    assert connected.create(connected.order()).target_id != done.target_id


def test_linked_order_left_out_of_a_partial_answer_is_not_taken_for_gone(
    connected: Connected,
) -> None:
    done = connected.create(connected.order())
    body = {"response": [{"id": 1}], "errors": [{"code": "CMNU-003", "message": "Not read"}]}
    connected.simulator.fail_next(207, path="order-service/order/", body=body)
    assert reason_of(connected.sync_one(connected.order(), done.target_id)) is Reason.RETRYING
    assert connected.count_orders() == 1


def test_sales_credit_with_the_same_id_is_no_order(connected: Connected) -> None:
    done = connected.create(connected.order())
    credit = {"id": int(done.target_id), "orderTypeCode": "SC"}
    connected.simulator.fail_next(200, path="order-service/order/", body={"response": [credit]})
    found = connected.orders().find_many([wanted(connected.order(), target_id=done.target_id)])
    assert found["ORDER-AAAA"].equal


def test_unreadable_order_does_not_harm_its_neighbours(connected: Connected) -> None:
    orders = [connected.order(source_id=f"O-{n}") for n in range(2)]
    done = connected.sync(*(wanted(order) for order in orders))
    good = connected.there(done["O-0"].target_id)
    bad = {"id": int(done["O-1"].target_id), "orderRows": "none"}
    connected.simulator.fail_next(200, path="order-service/order/", body={"response": [good, bad]})
    linked = [wanted(order, target_id=done[order.source_id].target_id) for order in orders]
    found = connected.orders().find_many(linked)
    assert found["O-0"].equal
    assert reason_of(found["O-1"]) is Reason.UNSUPPORTED


def test_order_that_is_there_and_unreadable_is_not_made_again(connected: Connected) -> None:
    done = connected.create(connected.order())
    bad = {"id": int(done.target_id), "orderRows": "none"}
    connected.simulator.fail_next(200, path="order-service/order/", body={"response": [bad]})
    assert reason_of(connected.sync_one(connected.order())) is Reason.UNSUPPORTED
    assert connected.count_orders() == 1


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


def test_buyer_named_after_the_invoice_is_left(connected: Connected) -> None:
    done = connected.create(connected.order())
    connected.simulator.invoice(int(done.target_id))
    assert connected.sync_one(connected.order(customer=ANN), done.target_id).equal


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
