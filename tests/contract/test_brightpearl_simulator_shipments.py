"""The simulated Brightpearl sends goods as the vendor does: in parts, with events and searches."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.contract.brightpearl_account import START, Account, Receiver

NOTES = "warehouse-service/order/*/goods-note/goods-out"
SEARCH = "warehouse-service/goods-note/goods-out-search"


@pytest.fixture
def account() -> Iterator[Account]:
    with Account() as account:
        yield account


def _note(account: Account, note: int) -> dict[str, Any]:
    found: dict[str, Any] = account.get(f"{NOTES}/{note}")[str(note)]
    return found


def _events(account: Account, receiver: Receiver) -> list[tuple[str, str]]:
    account.simulator.drain_webhooks()
    return [(one["event"], one["ids"]) for one in map(json.loads, receiver.bodies)]


@pytest.fixture
def receiver(account: Account) -> Iterator[Receiver]:
    receiver = Receiver()
    for event in ("goods-out-note", "order.modified.fully-shipped"):
        body = {
            "subscribeTo": event,
            "httpMethod": "POST",
            "uriTemplate": f"{receiver.url}/hook",
            "bodyTemplate": '{"event":"${full-event}","ids":"${resource-id}"}',
            "contentType": "application/json",
            "idSetAccepted": True,
            "qualityOfService": 1,
        }
        account.post("integration-service/webhook", body)
    yield receiver
    receiver.stop()


def test_note_shows_its_parcel_and_when_it_left(account: Account) -> None:
    product = account.product()
    order, row = account.order_of(product)
    note = account.simulator.send_out(order, shipping_method_id=2, reference="PARCEL-1")
    open_note = _note(account, note)
    assert open_note["shipping"] == {"shippingMethodId": 2, "reference": "PARCEL-1"}
    assert open_note["orderRows"] == {str(row): [{"productId": product, "quantity": 2}]}
    assert (open_note["status"]["shipped"], "shippedOn" in open_note["status"]) == (False, False)
    account.simulator.mark_note(note)
    assert _note(account, note)["status"]["shippedOn"] == "2026-07-02T11:00:00.000+01:00"


def test_goods_leave_in_parts_and_the_last_part_completes_the_order(
    account: Account, receiver: Receiver
) -> None:
    product = account.product(stock=10)
    order, _ = account.order_of(product, 3)
    first = account.simulator.send_out(order, {product: 1})
    second = account.simulator.send_out(order)
    account.simulator.mark_note(first)
    assert account.order(order)["shippingStatusCode"] == "SPS"
    assert ("order.modified.fully-shipped", str(order)) not in _events(account, receiver)
    account.simulator.mark_note(second)
    assert account.order(order)["shippingStatusCode"] == "ASS"
    assert _events(account, receiver)[-2:] == [
        ("goods-out-note.modified.shipped", str(second)),
        ("order.modified.fully-shipped", str(order)),
    ]
    with pytest.raises(ValueError, match="nothing to send"):
        account.simulator.send_out(order)


def test_notes_of_several_orders_are_read_together(account: Account) -> None:
    product = account.product()
    orders = [account.order_of(product)[0] for _ in range(3)]
    notes = [account.simulator.send_out(order) for order in orders]
    found = account.get(f"warehouse-service/order/{orders[0]},{orders[2]}/goods-note/goods-out")
    assert sorted(found) == [str(notes[0]), str(notes[2])]
    assert account.get(f"{NOTES}/{notes[1]},9999").keys() == {str(notes[1])}


def test_reference_changes_by_the_api_until_the_note_is_shipped(
    account: Account, receiver: Receiver
) -> None:
    note = account.simulator.send_out(account.order_of(account.product())[0])
    path = f"warehouse-service/goods-note/goods-out/{note}"
    body = {"priority": False, "shipping": {"shippingMethodId": 1, "reference": "NEW-1"}}
    assert account.call("PUT", path, body).json() == {}
    assert _note(account, note)["shipping"]["reference"] == "NEW-1"
    too_long = {"shipping": {"shippingMethodId": 1, "reference": "X" * 65}}
    assert account.errors("PUT", path, too_long)[0] == 400
    account.simulator.mark_note(note)
    assert account.errors("PUT", path, body)[0] == 400
    account.simulator.set_tracking(note, "BY-HAND")
    assert _note(account, note)["shipping"]["reference"] == "BY-HAND"
    assert [event for event, _ in _events(account, receiver)].count("goods-out-note.modified") == 2


def test_note_can_be_deleted_until_it_left(account: Account, receiver: Receiver) -> None:
    product = account.product(stock=10)
    order, _ = account.order_of(product)
    note = account.simulator.send_out(order)
    account.simulator.delete_note(note)
    assert account.level(product) == (10, 0, 10)
    assert _events(account, receiver)[-1] == ("goods-out-note.destroyed", str(note))
    assert account.get(f"{NOTES}/{note}") == {}


def test_notes_are_found_by_when_they_left_page_by_page(account: Account) -> None:
    product = account.product(stock=10)
    notes = [account.simulator.send_out(account.order_of(product, 1)[0]) for _ in range(4)]
    for note in (notes[2], notes[0], notes[3]):
        account.simulator.mark_note(note)
        account.clock.advance(60)
    since = START.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    found = account.search(SEARCH, shippedOn=f"{since}/", sort="shippedOn.ASC")
    assert [row["goodsOutNoteId"] for row in found] == [notes[2], notes[0], notes[3]]
    assert (found[0]["shipped"], found[0]["transfer"]) == (True, False)
    page = account.get(SEARCH, shipped="true", sort="shippedOn.ASC", pageSize="2", firstResult="3")
    assert [row[0] for row in page["results"]] == [notes[3]]
    later = (START + timedelta(seconds=60)).isoformat(timespec="milliseconds")
    found = account.search(SEARCH, shippedOn=f"{later.replace('+00:00', 'Z')}/")
    assert [row["goodsOutNoteId"] for row in found] == [notes[0], notes[3]]


def test_transfer_between_warehouses_is_a_note_without_order(account: Account) -> None:
    product = account.product(stock=10)
    target = account.merchant.warehouses[1]
    note = account.simulator.transfer(product, 4, source=account.shop, target=target)
    found = _note(account, note)
    assert (found["orderId"], found["transfer"]) == (0, True)
    assert found["transferRows"] == [{"productId": product, "quantity": 4}]
    account.simulator.mark_note(note)
    assert account.level(product) == (6, 0, 6)


def test_shipping_methods_have_names(account: Account) -> None:
    every = account.get("warehouse-service/shipping-method")
    assert [one["name"] for one in every] == ["Royal Mail Tracked 48", "DPD Next Day", "Collected"]
    assert account.get("warehouse-service/shipping-method/2") == every[1:2]


def test_bundle_shows_its_parts_and_becomes_rows_of_an_order(account: Account) -> None:
    mug, card = account.product(), account.product(sku="CARD", tracked=False, stock=0)
    inner = account.product(sku="PAIR", stock=0, components=((mug, 2),))
    outer = account.product(sku="SET", stock=0, components=((inner, 3), (card, 1)))
    (shown,) = account.get(f"product-service/product/{outer}")
    assert shown["stock"]["stockTracked"] is False
    first = shown["composition"]["bundleComponents"][0]
    assert (first["productId"], first["productQuantity"]) == (inner, 3)
    assert first["composition"]["bundleComponents"][0]["productId"] == mug
    assert account.get(f"warehouse-service/product-availability/{outer}") == {}
    order, row = account.order_of(outer, 1)
    rows = account.order(order)["orderRows"]
    quantities = {one["productId"]: one["quantity"]["magnitude"] for one in rows.values()}
    assert quantities == {outer: "1.0000", inner: "3.0000", mug: "6.0000", card: "1.0000"}
    assert rows[str(row)]["composition"]["bundleParent"] is True
    assert account.order(order)["totalValue"]["total"] == "12.0000"
    assert account.order(order)["allocationStatusCode"] == "ANA"


def test_rows_of_a_bundle_change_and_go_with_it(account: Account) -> None:
    mug = account.product(stock=10)
    bundle = account.product(sku="SET", stock=0, components=((mug, 2),))
    order, row = account.order_of(bundle, 1)
    path = f"order-service/order/{order}/row/{row}"
    value = {"taxCode": "T20", "rowNet": {"value": "10.00"}, "rowTax": {"value": "2.00"}}
    body = {"productId": bundle, "quantity": {"magnitude": "3"}, "rowValue": value}
    account.simulator.send_out(order, {mug: 1})
    assert account.errors("PUT", path, body)[0] == 400
    assert account.errors("DELETE", path)[0] == 400
    assert len(account.order(order)["orderRows"]) == 2
    (note,) = account.get(f"warehouse-service/order/{order}/goods-note/goods-out")
    account.simulator.delete_note(int(note))
    assert account.call("PUT", path, body).is_success
    rows = account.order(order)["orderRows"].values()
    assert {one["productId"]: one["quantity"]["magnitude"] for one in rows} == {
        bundle: "3.0000",
        mug: "6.0000",
    }
    assert account.call("DELETE", path).is_success
    assert account.order(order)["orderRows"] == {}


def test_status_of_credits_is_none_of_orders(account: Account) -> None:
    order, _ = account.order_of(account.product())
    status = {"orderStatusId": account.merchant.statuses["Credited"]}
    assert account.errors("PUT", f"order-service/order/{order}/status", status)[0] == 400


def test_people_send_and_ship_over_http(account: Account) -> None:
    product = account.product()
    order, _ = account.order_of(product)
    sent = {"order": order, "pieces": {str(product): 1}, "reference": "P-1"}
    note = account.client.post("/_sim/send-out", json=sent).json()["id"]
    account.client.post("/_sim/ship", json={"note": note})
    account.client.post("/_sim/set-tracking", json={"note": note, "reference": "P-2"})
    found = _note(account, note)
    assert (found["shipping"]["reference"], found["status"]["shipped"]) == ("P-2", True)
    second = account.client.post("/_sim/send-out", json={"order": order}).json()["id"]
    account.client.post("/_sim/delete-note", json={"note": second})
    assert list(account.get(f"warehouse-service/order/{order}/goods-note/goods-out")) == [str(note)]
