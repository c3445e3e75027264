"""Goods that leave the ERP's warehouse, as buyers of the web shop learn of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.demo.api import Json
from tests.journey.house import keeping_house, wait_until
from tests.journey.web import FLOWS, WebShop

SHIPMENTS = FLOWS["shipment"]


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebShop]:
    """A merchant with a web shop that sells mugs and bowls."""
    with keeping_house(tmp_path_factory.mktemp("web"), shops=("woocommerce",)) as house:
        shop = WebShop(house=house)
        shop.offer("Mug", "MUG-1", price={"RETAIL": "12.00"}, stock=500)
        shop.offer("Bowl", "BOWL-1", price={"RETAIL": "30.00"}, stock=500)
        yield shop


def carrier(web: WebShop, name: str = "Royal Mail Tracked 48") -> int:
    """Return a shipping method of the ERP by its name."""
    methods = web.house.ask_brightpearl("warehouse-service/shipping-method")
    return next(int(one["id"]) for one in methods if one["name"] == name)


def send(web: WebShop, row: Json, pieces: dict[int, int] | None = None, **more: Any) -> int:
    """Put goods of an order's sales order on a note that has a carrier."""
    number = int(row["columns"]["target_order_id"])
    more = {"shipping_method_id": carrier(web), **more}
    return web.house.vendors.brightpearl.send_out(number, pieces, **more)


def product_ids(web: WebShop, row: Json) -> dict[str, int]:
    """Return the products of an order's sales order by name."""
    lines = web.books.order(row)["orderRows"].values()
    return {line["productName"]: int(line["productId"]) for line in lines}


def test_shipped_note_completes_the_order_and_tells_the_tracking(web: WebShop) -> None:
    order, row = web.bought("MUG-1")
    note = send(web, row, reference="RM123456789GB")
    waiting = web.wait_for(
        "shipment", note, "Synced", fits=lambda one: one["outcome"] == "not_applicable"
    )
    assert waiting["verified"] is False
    assert web.order(order)["status"] == "processing"

    web.house.vendors.brightpearl.mark_note(note)

    wait_until(lambda: web.order(order)["status"] == "completed", "a completed order")
    shown = web.wait_for(
        "shipment", note, "Synced", fits=lambda one: one["outcome"] != "not_applicable"
    )
    assert shown["columns"] == {
        "shipment_id": str(note),
        "order_id": row["columns"]["target_order_id"],
        "target_order_id": str(order),
        "carrier": "Royal Mail Tracked 48",
        "tracking": "RM123456789GB",
    }
    told = [text for text in web.order_notes(order) if "RM123456789GB" in text]
    assert len(told) == 1
    assert "Royal Mail" in told[0]


def test_order_in_two_parcels_is_completed_by_the_last(web: WebShop) -> None:
    order, row = web.bought("MUG-1", "BOWL-1")
    ids = product_ids(web, row)
    first = send(web, row, {ids["Mug"]: 1}, reference="PART-1")
    second = send(web, row, {ids["Bowl"]: 1}, reference="PART-2")

    web.house.vendors.brightpearl.mark_note(first)
    wait_until(lambda: any("PART-1" in one for one in web.order_notes(order)), "the first parcel")
    web.house.settle()
    assert web.order(order)["status"] == "processing"
    web.house.vendors.brightpearl.mark_note(second)

    wait_until(lambda: web.order(order)["status"] == "completed", "a completed order")
    wait_until(lambda: any("PART-2" in one for one in web.order_notes(order)), "the second parcel")


def test_tracking_that_changes_after_the_goods_left_is_told_again(web: WebShop) -> None:
    order, row = web.bought("MUG-1")
    note = send(web, row, reference="WRONG-1")
    web.house.vendors.brightpearl.mark_note(note)
    wait_until(lambda: any("WRONG-1" in one for one in web.order_notes(order)), "the first number")

    web.house.vendors.brightpearl.set_tracking(note, "RIGHT-1")

    wait_until(lambda: any("RIGHT-1" in one for one in web.order_notes(order)), "the right number")
    web.wait_for(
        "shipment", note, "Synced", fits=lambda one: one["columns"]["tracking"] == "RIGHT-1"
    )


def test_shop_with_a_tracking_extension_shows_carrier_and_number_there(web: WebShop) -> None:
    web.shop.tracking = "official"
    order, row = web.bought("MUG-1")
    note = send(web, row, reference="EXT-1")
    web.house.vendors.brightpearl.mark_note(note)

    web.wait_for("shipment", note, "Synced", fits=lambda one: one["outcome"] != "not_applicable")

    with web.shop.lock:
        shown = web.shop.parts.shipments.trackings[order]
    web.shop.tracking = ""
    assert [one["tracking_number"] for one in shown] == ["EXT-1"]
    assert "Royal Mail" in shown[0]["tracking_provider"]
    assert web.order(order)["status"] == "completed"


def test_shop_with_fulfilments_shows_one_for_each_note(web: WebShop) -> None:
    web.shop.fulfilments = True
    order, row = web.bought("MUG-1")
    note = send(web, row, reference="FUL-1")
    web.house.vendors.brightpearl.mark_note(note)

    web.wait_for("shipment", note, "Synced", fits=lambda one: one["outcome"] != "not_applicable")

    shown = web.ask(f"orders/{order}/fulfillments")
    web.shop.fulfilments = False
    assert len(shown) == 1
    assert "FUL-1" in {
        one["value"] for one in shown[0]["meta_data"] if isinstance(one["value"], str)
    }


def test_note_of_a_till_is_not_the_shops_and_not_green(web: WebShop) -> None:
    wait_until(lambda: web.house.in_stock("MUG-1") > 0, "mugs at the till")
    sale = web.house.sell("MUG-1")
    row = web.house.wait_for("order", sale, "Synced")
    note = send(web, row)

    web.house.vendors.brightpearl.mark_note(note)

    shown = web.wait_for("shipment", note, "Synced")
    assert (shown["outcome"], shown["verified"]) == ("not_applicable", False)
    told = web.house.detail(shown)["attempts"][0]["detail"]
    assert "did not come from this shop" in told


def test_note_whose_order_is_not_synced_waits_for_it(web: WebShop) -> None:
    web.house.vendors.brightpearl.fail_next(
        400, times=9, path="customer-payment", method="POST"
    )  # the sales order is there, and its row failed
    order = web.buy("MUG-1")
    failed = web.wait_for("order", order, "Failed", "rejected_by_target")
    number = web.books.orders(str(order))[0]
    note = web.house.vendors.brightpearl.send_out(number, shipping_method_id=carrier(web))
    web.house.vendors.brightpearl.mark_note(note)
    held = web.wait_for("shipment", note, "Pending", "needs_record")
    assert str(order) in held["sentence"]

    web.house.vendors.brightpearl.clear_faults()
    web.house.resync(failed)

    web.wait_for("shipment", note, "Synced", fits=lambda one: one["outcome"] != "not_applicable")
    assert web.order(order)["status"] == "completed"


def test_shipment_whose_event_was_lost_is_found_by_the_poll(web: WebShop) -> None:
    order, row = web.bought("MUG-1")
    web.house.settle()
    brightpearl = web.house.vendors.brightpearl
    brightpearl.sender.configure(lose_next=50)
    brightpearl.best_effort_sender.configure(lose_next=50)
    note = send(web, row, reference="LOST-1")
    brightpearl.mark_note(note)
    brightpearl.sender.configure(lose_next=0)
    brightpearl.best_effort_sender.configure(lose_next=0)

    web.house.poll_now(SHIPMENTS)

    web.wait_for("shipment", note, "Synced", fits=lambda one: one["outcome"] != "not_applicable")
    assert web.order(order)["status"] == "completed"


def test_shop_that_is_down_lets_the_shipment_wait_and_a_resync_ends_it(web: WebShop) -> None:
    order, row = web.bought("MUG-1")
    note = send(web, row, reference="DOWN-1")
    web.house.settle()
    web.shop.maintenance = True
    web.house.vendors.brightpearl.mark_note(note)
    waiting = web.wait_for("shipment", note, "Pending", "retrying")
    assert waiting["columns"]["tracking"] == "DOWN-1"
    assert "503" in waiting["sentence"]

    web.shop.maintenance = False
    web.house.resync(waiting)

    web.wait_for("shipment", note, "Synced", fits=lambda one: one["outcome"] != "not_applicable")
    told = [text for text in web.order_notes(order) if "DOWN-1" in text]
    assert len(told) == 1
