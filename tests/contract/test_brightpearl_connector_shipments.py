"""The Brightpearl connector reads goods-out notes as shipments, and lists which ones left."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Shipment, ShippedLine
from chalicelib.domain.statuses import Kind
from tests.contract.brightpearl_account import START
from tests.contract.brightpearl_connection import Connected, connect, reason_of

_SEARCH = "warehouse-service/goods-note/goods-out-search"


@pytest.fixture
def connected() -> Iterator[Connected]:
    with connect() as found:
        yield found


def _source(connected: Connected) -> Any:
    return connected.platform().source(Kind.SHIPMENT)


def _read(connected: Connected, *notes: int) -> list[Shipment]:
    found = _source(connected).fetch_many([str(note) for note in notes])
    shipments = [found[str(note)] for note in notes]
    assert all(isinstance(one, Shipment) for one in shipments), repr(shipments)
    return shipments


def _order(connected: Connected, product: int, pieces: int = 2, **changes: Any) -> int:
    """Create an order as our own flow does, with the id of the shop it came from."""
    line = connected.line(product, quantity=Decimal(pieces))
    done = connected.create(connected.order(line, **changes))
    return int(done.target_id)


# what a note says


def test_shipment_names_order_carrier_parcel_and_goods(connected: Connected) -> None:
    product = connected.shop.product(name="Mug", sku="MUG")
    order = _order(connected, product, source_id="WEB-77")
    note = connected.simulator.send_out(order, shipping_method_id=2, reference=" PARCEL-1 ")
    connected.shop.clock.advance(60)
    connected.simulator.mark_note(note)
    (found,) = _read(connected, note)
    assert found == Shipment(
        id=str(note),
        order_id=str(order),
        order_key="WEB-77",
        location=str(connected.shop.shop),
        shipped_at=START + timedelta(seconds=60),
        carrier="DPD Next Day",
        tracking="PARCEL-1",
        lines=[ShippedLine(product_id=str(product), quantity=Decimal(2), sku="MUG", name="Mug")],
        completes=True,
        source="Brightpearl",
        version=int(START.timestamp() + 60) * 1000,
        updated_at=START + timedelta(seconds=60),
    )


def test_reference_that_is_an_address_is_where_the_parcel_is_followed(
    connected: Connected,
) -> None:
    address = "https://track.example.com/1"
    note = connected.simulator.send_out(
        _order(connected, connected.shop.product()), reference=address
    )
    (found,) = _read(connected, note)
    assert (found.tracking, found.tracking_url) == (address, address)


@pytest.mark.parametrize("code", ["", "PRI", "PIC", "PAC"])
def test_note_that_is_still_indoors_has_not_left(connected: Connected, code: str) -> None:
    note = connected.simulator.send_out(_order(connected, connected.shop.product()))
    if code:
        connected.simulator.mark_note(note, code)
    (found,) = _read(connected, note)
    assert (found.shipped_at, found.completes, found.cancelled) == (None, False, False)
    assert (found.carrier, found.tracking, found.tracking_url) == ("", "", "")


def test_pieces_of_one_product_are_one_line(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    lines = [connected.line(product), connected.line(product, key="LINE-2", quantity=Decimal(3))]
    done = connected.create(connected.order(*lines))
    note = connected.simulator.send_out(int(done.target_id))
    (found,) = _read(connected, note)
    assert [(line.product_id, line.quantity) for line in found.lines] == [(str(product), 5)]


def test_order_of_people_has_no_key(connected: Connected) -> None:
    order, _ = connected.shop.order_of(connected.shop.product())
    (found,) = _read(connected, connected.simulator.send_out(order))
    assert (found.order_id, found.order_key) == (str(order), "")


def test_deleted_note_is_a_cancelled_shipment(connected: Connected) -> None:
    product = connected.shop.product()
    note = connected.simulator.send_out(_order(connected, product))
    connected.simulator.delete_note(note)
    (found,) = _read(connected, note)
    assert (found.cancelled, found.order_id) == (True, "")


def test_transfer_between_warehouses_goes_to_no_buyer(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    target = connected.shop.merchant.warehouses[1]
    transfer = connected.simulator.transfer(product, 4, source=connected.shop.shop, target=target)
    connected.simulator.mark_note(transfer)
    (found,) = _read(connected, transfer)
    assert (found.cancelled, found.order_id) == (True, "")
    assert _listed(connected) == []


# which note completes an order


def test_only_the_note_that_leaves_last_completes_the_order(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = _order(connected, product, 3)
    first = connected.simulator.send_out(order, {product: 1})
    second = connected.simulator.send_out(order)
    connected.simulator.mark_note(second)
    assert [one.completes for one in _read(connected, first, second)] == [False, False]
    connected.shop.clock.advance(60)
    connected.simulator.mark_note(first)
    assert [one.completes for one in _read(connected, first, second)] == [True, False]


def test_of_notes_that_left_at_one_moment_one_completes_the_order(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = _order(connected, product)
    notes = [connected.simulator.send_out(order, {product: 1}) for _ in range(2)]
    for note in notes:
        connected.simulator.mark_note(note)
    assert [one.completes for one in _read(connected, *notes)] == [False, True]


def test_note_of_which_goods_are_missing_completes_nothing(connected: Connected) -> None:
    product, other = connected.shop.product(), connected.shop.product(sku="B")
    lines = [connected.line(product), connected.line(other, key="LINE-2")]
    done = connected.create(connected.order(*lines))
    note = connected.simulator.send_out(int(done.target_id), {product: 2})
    connected.simulator.mark_note(note)
    assert not _read(connected, note)[0].completes


def test_goods_without_stock_do_not_keep_an_order_open(connected: Connected) -> None:
    product = connected.shop.product()
    service = connected.shop.product(sku="S", tracked=False, stock=0)
    lines = [connected.line(product), connected.line(service, key="LINE-2")]
    done = connected.create(connected.order(*lines))
    note = connected.simulator.send_out(int(done.target_id))
    connected.simulator.mark_note(note)
    assert _read(connected, note)[0].completes


# calls and failures


def test_a_hundred_notes_are_four_calls(connected: Connected) -> None:
    product = connected.shop.product(stock=1_000)
    notes = []
    for number in range(100):
        order = _order(connected, product, source_id=f"WEB-{number}", reference=f"R-{number}")
        notes.append(connected.simulator.send_out(order, shipping_method_id=1))
        connected.simulator.mark_note(notes[-1])
    before = connected.calls("/")
    assert all(one.completes for one in _read(connected, *notes))
    assert connected.calls("/") - before == 4


def test_ids_that_cannot_be_are_absent(connected: Connected) -> None:
    assert _source(connected).fetch_many(["abc", "", "0"]) == {}


def test_order_that_cannot_be_read_fails_its_shipments_only(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    orders = [_order(connected, product, source_id=f"W-{n}", reference=f"R-{n}") for n in range(2)]
    notes = [connected.simulator.send_out(order) for order in orders]
    documents = connected.shop.get(f"order-service/order/{orders[0]}-{orders[1]}")
    documents[0]["totalValue"] = {"total": "much"}
    connected.simulator.fail_next(
        200, path="order-service/order/", method="GET", body={"response": documents}
    )
    found = _source(connected).fetch_many([str(note) for note in notes])
    assert reason_of(found[str(notes[0])]) is Reason.UNSUPPORTED
    assert isinstance(found[str(notes[1])], Shipment)


def test_part_of_the_notes_that_failed_is_tried_again(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    note = connected.simulator.send_out(_order(connected, product))
    entry = connected.shop.get(f"warehouse-service/order/*/goods-note/goods-out/{note}")
    error = {"code": "CMNU-003", "message": "One of the ids could not be read"}
    body = {"response": entry, "errors": [error]}
    connected.simulator.fail_next(207, path="goods-note/goods-out/", body=body)
    found = _source(connected).fetch_many([str(note), "999"])
    assert isinstance(found[str(note)], Shipment)
    assert reason_of(found["999"]) is Reason.RETRYING


def test_note_that_may_have_left_last_and_cannot_be_read_is_no_guess(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    order = _order(connected, product)
    notes = [connected.simulator.send_out(order, {product: 1}) for _ in range(2)]
    for note in notes:
        connected.simulator.mark_note(note)
    path = f"warehouse-service/order/{order}/goods-note/goods-out"
    entries = connected.shop.get(path)
    entries[str(notes[1])]["status"]["shippedOn"] = "yesterday"
    connected.simulator.fail_next(
        200, path=f"order/{order}/goods-note", method="GET", body={"response": entries}
    )
    found = _source(connected).fetch_many([str(notes[0])])
    assert reason_of(found[str(notes[0])]) is Reason.UNSUPPORTED


# what left


def _listed(connected: Connected, since: datetime = START) -> list[str]:
    source, ids, page = _source(connected), [], None
    for _ in range(20):
        found = source.list_changes(since=since, until=None, page=page)
        ids += [change.record for change in found.changes]
        page = found.page
        if page is None:
            return ids
    raise AssertionError("the pages do not end")


def test_notes_are_listed_by_when_they_left(connected: Connected) -> None:
    product = connected.shop.product(stock=10)
    notes = [connected.shop.order_of(product, 1)[0] for _ in range(3)]
    notes = [connected.simulator.send_out(order) for order in notes]
    for note in (notes[2], notes[0]):
        connected.shop.clock.advance(60)
        connected.simulator.mark_note(note)
    page = _source(connected).list_changes(since=START, until=None, page=None)
    assert [change.record for change in page.changes] == [str(notes[2]), str(notes[0])]
    newest = page.changes[-1]
    assert (newest.kind, newest.updated_at) == (Kind.SHIPMENT, START + timedelta(minutes=2))
    assert newest.version == _read(connected, notes[0])[0].version
    assert _read(connected, notes[1])[0].version is None
    assert _listed(connected, START + timedelta(seconds=61)) == [str(notes[0])]


def test_note_dated_back_has_a_version_where_it_had_none(connected: Connected) -> None:
    note = connected.simulator.send_out(_order(connected, connected.shop.product()))
    before = _read(connected, note)[0]
    earlier = START - timedelta(hours=10, microseconds=500_000)
    connected.simulator.mark_note(note, at=earlier)
    after = _read(connected, note)[0]
    assert (before.version, after.shipped_at) == (None, earlier)
    changes = _source(connected).list_changes(since=earlier, until=None, page=None).changes
    assert [change.version for change in changes] == [after.version]
    assert after.version == int(earlier.timestamp()) * 1000


def test_shipments_of_many_pages_are_all_listed(connected: Connected) -> None:
    product = connected.shop.product(stock=2_000)
    order, _ = connected.shop.order_of(product, 1_100)
    with connected.simulator.batch():
        notes = [connected.simulator.send_out(order, {product: 1}) for _ in range(1_100)]
        for note in notes:
            connected.simulator.mark_note(note)
            connected.shop.clock.advance(0.5)
    assert list(dict.fromkeys(_listed(connected))) == [str(note) for note in notes]


def test_search_that_is_refused_fails_the_poll(connected: Connected) -> None:
    connected.simulator.access.forbidden.add(("", _SEARCH))
    with pytest.raises(SyncFailure) as caught:
        _listed(connected)
    assert caught.value.reason is Reason.AUTH_REJECTED
