"""Parcels show in the shop's orders, once, in the best way the shop has."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.platforms import Wanted
from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Fulfilment, ShippedLine, StatusChange
from chalicelib.domain.statuses import Kind, Outcome
from tests.contract.woo_connection import Connected, connect, sent
from tests.contract.woo_shop import Json

TRACKINGS = "/wp-json/wc-shipment-tracking/v3/orders/{}/shipment-trackings"


@pytest.fixture
def at() -> Iterator[Connected]:
    with connect() as connected:
        yield connected


def buy(at: Connected, quantity: int = 3) -> int:
    return at.woo.buy([{"product_id": int(at.mug), "quantity": quantity}])


def parcel(at: Connected, order: int, **changes: Any) -> Wanted[Fulfilment]:
    return sent(order, at.shop.clock(), **changes)


def ship(at: Connected, *rows: Wanted[Fulfilment], **settings: Any) -> dict[str, Any]:
    return at.sync(*rows, kind=Kind.SHIPMENT, **settings)


def status(at: Connected, order: int) -> str:
    return str(at.shop.get(f"orders/{order}")["status"])


def notes(at: Connected, order: int) -> list[str]:
    return [one["note"] for one in at.shop.get(f"orders/{order}/notes", type="customer")]


def trackings(at: Connected, order: int) -> list[Json]:
    answer = at.shop.http.get(at.woo.shop_url + TRACKINGS.format(order))
    assert answer.status_code == 200
    return list(answer.json())


def fulfilments(at: Connected, order: int) -> list[dict[str, Any]]:
    rows = at.shop.get(f"orders/{order}/fulfillments")
    return [{one["key"]: one["value"] for one in row["meta_data"]} | row for row in rows]


def test_a_shop_without_extensions_tells_the_buyer_in_a_note(at: Connected) -> None:
    order = buy(at)

    done = ship(at, parcel(at, order))["900"]

    assert (done.outcome, done.verified, done.status) == (Outcome.CREATED, True, "completed")
    assert done.target_id == f"{order}-900"
    assert len(notes(at, order)) == 1
    assert "DHL" in notes(at, order)[0]
    assert "JD01" in notes(at, order)[0]
    assert status(at, order) == "completed"


def test_the_same_parcel_again_writes_nothing(at: Connected) -> None:
    order = buy(at)
    ship(at, parcel(at, order))
    before = len(at.writes())

    assert ship(at, parcel(at, order))["900"].equal
    assert (len(at.writes()), len(notes(at, order))) == (before, 1)


def test_a_part_of_an_order_leaves_its_status(at: Connected) -> None:
    order = buy(at)
    done = ship(at, parcel(at, order, completes=False))["900"]
    assert (done.verified, status(at, order)) == (True, "processing")
    assert notes(at, order)[0].startswith("A part of your order")


def test_without_a_status_in_the_flow_the_order_stays_where_it_is(at: Connected) -> None:
    order = buy(at)
    assert ship(at, parcel(at, order, status=""))["900"].verified
    assert status(at, order) == "processing"


def test_an_order_people_moved_on_is_not_moved_back(at: Connected) -> None:
    at.woo.world.custom_statuses.append("delivered")
    order = buy(at)
    ship(at, parcel(at, order))
    at.woo.set_order_status(order, "delivered")

    assert ship(at, parcel(at, order))["900"].equal
    assert ship(at, parcel(at, order, tracking="JD02"))["900"].verified

    assert status(at, order) == "delivered"


def test_a_refunded_order_keeps_its_status(at: Connected) -> None:
    order = buy(at)
    at.woo.set_order_status(order, "refunded")
    assert ship(at, parcel(at, order))["900"].verified
    assert status(at, order) == "refunded"


@pytest.mark.parametrize("state", ["cancelled", "failed", "trash"])
def test_goods_sent_for_a_dead_order_are_told_to_people(at: Connected, state: str) -> None:
    order = buy(at)
    if state == "trash":
        at.shop.http.delete(f"orders/{order}")
    else:
        at.woo.set_order_status(order, state)

    failure = ship(at, parcel(at, order))["900"]

    assert (failure.reason, state in failure.detail) == (Reason.WRONG_STATE, True)


def test_an_order_that_is_gone_is_missing_and_its_neighbour_is_shown(at: Connected) -> None:
    order = buy(at)
    results = ship(at, parcel(at, 4711), parcel(at, order, shipment_id="901"))
    assert results["900"].reason is Reason.MISSING_AT_TARGET
    assert results["901"].verified


def test_a_lost_answer_to_the_note_does_not_tell_the_buyer_twice(at: Connected) -> None:
    order = buy(at)
    at.woo.fail_next(mode="drop_after", path="/notes", method="POST")
    assert ship(at, parcel(at, order))["900"].reason is Reason.OUTCOME_UNKNOWN

    assert ship(at, parcel(at, order))["900"].verified

    assert (len(notes(at, order)), status(at, order)) == (1, "completed")


def test_an_order_that_did_not_move_is_not_verified(at: Connected) -> None:
    order = buy(at)
    told = at.shop.get(f"orders/{order}")
    at.woo.fail_next(200, path="orders/batch", body={"update": [told]})

    done = ship(at, parcel(at, order))["900"]

    assert (done.verified, "processing" in done.detail) == (False, True)
    again = ship(at, parcel(at, order))["900"]
    assert (again.verified, again.detail, len(notes(at, order))) == (True, "", 1)


def test_a_buyer_who_is_not_to_be_told_gets_no_note(at: Connected) -> None:
    order = buy(at)
    assert ship(at, parcel(at, order, notify=False))["900"].verified
    assert notes(at, order) == []
    assert len(at.shop.get(f"orders/{order}/notes", type="internal")) > 1


@pytest.mark.parametrize(
    ("carrier", "shown", "link"),
    [("dhl", "DHL", ""), ("Bike Bob", "Bike Bob", "https://track.example/JD01")],
)
def test_the_tracking_extension_gets_an_entry(
    at: Connected, carrier: str, shown: str, link: str
) -> None:
    at.woo.tracking = "official"
    order = buy(at)

    done = ship(at, parcel(at, order, carrier=carrier))["900"]

    assert done.verified
    entry = trackings(at, order)[0]
    assert (entry["tracking_number"], entry["tracking_provider"]) == ("JD01", shown)
    assert (entry["tracking_link"], entry["date_shipped"]) == (link, "2026-03-02")
    assert (notes(at, order), status(at, order)) == ([], "completed")


def test_a_lost_answer_to_the_tracking_entry_makes_no_second_one(at: Connected) -> None:
    at.woo.tracking = "official"
    order = buy(at)
    at.woo.fail_next(mode="drop_after", path="/shipment-trackings", method="POST")
    assert ship(at, parcel(at, order))["900"].reason is Reason.OUTCOME_UNKNOWN

    assert ship(at, parcel(at, order))["900"].verified
    assert len(trackings(at, order)) == 1


def test_a_corrected_number_takes_the_place_of_the_wrong_one(at: Connected) -> None:
    at.woo.tracking = "official"
    order = buy(at)
    other = parcel(at, order, shipment_id="901", tracking="OTHER")
    ship(at, parcel(at, order), other)

    done = ship(at, parcel(at, order, tracking="JD02"), other)["900"]

    assert (done.outcome, done.verified) == (Outcome.UPDATED, True)
    assert {one["tracking_number"] for one in trackings(at, order)} == {"JD02", "OTHER"}


def test_an_older_extension_answers_on_its_own_path(at: Connected) -> None:
    at.woo.tracking = "old"
    order = buy(at)
    assert ship(at, parcel(at, order))["900"].verified
    assert any("wc-ast/v3" in one.path for one in at.woo.calls if one.method == "POST")


def test_core_fulfilments_come_first_with_the_pieces_that_left(at: Connected) -> None:
    at.woo.tracking, at.woo.fulfilments = "official", True
    order = buy(at)
    left = (ShippedLine(product_id=at.mug, quantity=Decimal(2)),)

    done = ship(at, parcel(at, order, lines=left, completes=False))["900"]

    assert done.verified
    made = fulfilments(at, order)[0]
    line = at.shop.get(f"orders/{order}")["line_items"][0]["id"]
    assert made["_items"] == [{"item_id": line, "qty": 2}]
    assert (made["_tracking_number"], made["_shipping_provider"]) == ("JD01", "DHL")
    assert (made["status"], made["is_fulfilled"], made["notified"]) == ("fulfilled", True, True)
    assert trackings(at, order) == []


def test_a_corrected_fulfilment_stays_one(at: Connected) -> None:
    at.woo.fulfilments = True
    order = buy(at)
    ship(at, parcel(at, order))

    assert ship(at, parcel(at, order, tracking="JD02"))["900"].verified
    assert [one["_tracking_number"] for one in fulfilments(at, order)] == ["JD02"]
    assert ship(at, parcel(at, order, tracking="JD02"))["900"].equal


def test_two_parcels_under_one_number_are_two_fulfilments(at: Connected) -> None:
    at.woo.fulfilments = True
    order = buy(at)
    one = (ShippedLine(product_id=at.mug, quantity=Decimal(1)),)
    ship(at, parcel(at, order, lines=one, completes=False))

    assert ship(at, parcel(at, order, lines=one, shipment_id="901"))["901"].verified

    assert len(fulfilments(at, order)) == 2


def test_a_fulfilment_of_nothing_that_is_in_the_order_is_a_conflict(at: Connected) -> None:
    at.woo.fulfilments = True
    order = buy(at)
    left = (ShippedLine(product_id="4711", quantity=Decimal(1)),)
    failure = ship(at, parcel(at, order, lines=left))["900"]
    assert (failure.reason, failure.error_code) == (Reason.CONFLICT, "lines_differ")


def test_a_parcel_without_a_number_is_a_note_whatever_the_shop_can_do(at: Connected) -> None:
    at.woo.fulfilments = True
    order = buy(at)
    assert ship(at, parcel(at, order, tracking="", tracking_url=""))["900"].verified
    assert (len(notes(at, order)), fulfilments(at, order)) == (1, [])


@pytest.mark.parametrize(("wish", "shown"), [("note", (1, 0, 0)), ("tracking", (0, 1, 0))])
def test_the_flow_may_choose_the_way(at: Connected, wish: str, shown: tuple[int, int, int]) -> None:
    at.woo.tracking, at.woo.fulfilments = "official", True
    order = buy(at)

    assert ship(at, parcel(at, order), shipment_way=wish)["900"].verified

    lists = (notes(at, order), trackings(at, order), fulfilments(at, order))
    assert tuple(len(one) for one in lists) == shown


@pytest.mark.parametrize("wish", ["tracking", "fulfilments"])
def test_a_way_the_shop_does_not_have_is_said(at: Connected, wish: str) -> None:
    failure = ship(at, parcel(at, buy(at)), shipment_way=wish)["900"]
    assert (failure.reason, failure.field) == (Reason.UNSUPPORTED, "shipment_way")


def test_what_a_shop_can_do_is_asked_once_for_a_batch(at: Connected) -> None:
    orders = [buy(at, 1) for _ in range(5)]
    at.woo.calls.clear()

    rows = [parcel(at, one, shipment_id=f"S{one}") for one in orders]
    assert all(one.verified for one in ship(at, *rows).values())

    paths = [call.path for call in at.woo.calls]
    assert len([one for one in paths if one.endswith("/fulfillments")]) == 1
    assert len([one for one in paths if one.endswith("/wp-json/")]) == 1
    assert len(paths) == 14  # orders, two questions, a look and a note each, one batch


# --- statuses -------------------------------------------------------------------------------------


def moved(order: int, to: str) -> Wanted[StatusChange]:
    change = StatusChange(order_id=str(order), status=to)
    return Wanted(record=f"r-{order}", desired=change, target_id=None, key="k")


def move(at: Connected, *rows: Wanted[StatusChange]) -> dict[str, Any]:
    return at.sync(*rows, kind=Kind.ORDER)


def test_statuses_of_many_orders_are_one_read_and_one_write(at: Connected) -> None:
    orders = [buy(at, 1) for _ in range(20)]
    at.woo.calls.clear()

    results = move(at, *(moved(one, "completed") for one in orders))

    assert all(one.verified and one.status == "completed" for one in results.values())
    assert len(at.woo.calls) == 2


def test_a_status_that_is_there_is_not_written(at: Connected) -> None:
    found = move(at, moved(buy(at), "wc-processing"))
    assert all(one.equal for one in found.values())
    assert at.writes() == []


def test_a_status_that_did_not_take_is_not_verified(at: Connected) -> None:
    order = buy(at)
    told = {"id": order, "status": "processing"}
    at.woo.fail_next(200, path="orders/batch", body={"update": [told]})

    done = move(at, moved(order, "completed"))[f"r-{order}"]

    assert (done.verified, "processing" in done.detail) == (False, True)
    assert move(at, moved(order, "completed"))[f"r-{order}"].detail == ""


def test_the_status_refunded_is_never_written(at: Connected) -> None:
    order = buy(at)
    failure = move(at, moved(order, "refunded"))[f"r-{order}"]

    assert (failure.reason, failure.error_code) == (Reason.UNSUPPORTED, "refunded_status")
    assert (at.writes(), status(at, order)) == ([], "processing")
    at.woo.set_order_status(order, "refunded")
    assert move(at, moved(order, "refunded"))[f"r-{order}"].equal


def test_an_unknown_status_lists_those_there_are(at: Connected) -> None:
    order, other = buy(at, 1), buy(at, 1)
    results = move(at, moved(order, "shipped"), moved(other, "completed"))

    failure = results[f"r-{order}"]
    assert isinstance(failure, SyncFailure)
    assert (failure.reason, failure.field) == (Reason.REJECTED_BY_TARGET, "status")
    assert "on-hold, completed" in failure.detail
    assert results[f"r-{other}"].verified


def test_an_order_in_the_bin_or_gone_has_no_status_to_set(at: Connected) -> None:
    order = buy(at)
    at.shop.http.delete(f"orders/{order}")
    results = move(at, moved(order, "completed"), moved(4711, "completed"))
    assert results[f"r-{order}"].reason is Reason.WRONG_STATE
    assert results["r-4711"].reason is Reason.MISSING_AT_TARGET
