"""Shipment → fulfilment: which shipments concern a shop, and what it is told of them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Fulfilment, Shipment, ShippedLine
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.fulfilments import (
    fulfilment_from_shipment,
    order_of_shop,
    shipment_columns,
    shipped_at,
    shipped_goods,
    shipped_order,
    why_no_fulfilment,
)

FLOW = "brightpearl-shipments-to-woocommerce"
AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LINKED = {"owners": {"700": "SHOP42"}}


def shipment(**changes: Any) -> Shipment:
    defaults: dict[str, Any] = {
        "id": "G1",
        "order_id": "700",
        "order_key": "SHOP42",
        "shipped_at": AT,
        "carrier": "Fleet Post",
        "tracking": "FP1",
        "tracking_url": "https://track.example/FP1",
        "lines": (
            ShippedLine(product_id="1007", quantity=Decimal("1.5"), sku="MUG", name="Mug"),
            ShippedLine(product_id="1008", quantity=Decimal(2)),
        ),
        "source": "Books",
    }
    return Shipment(**{**defaults, **changes})


def planning(**changes: Any) -> Planning:
    defaults: dict[str, Any] = {
        "flow": "books-shipments-to-shop",
        "target_connection": "shop",
        "settings": changes.pop("settings", {}),
        "mappings": {},
        "linked": {"1007": "V7"},
    }
    return Planning(**{**defaults, **LINKED, **changes})


def plan(one: Shipment, **changes: Any) -> Fulfilment:
    return fulfilment_from_shipment(one, planning(**changes))


# --- what the shop is told ------------------------------------------------------------------------


def test_shop_is_told_of_its_own_order_by_carrier_and_tracking() -> None:
    told = plan(shipment())
    assert (told.shipment_id, told.order_id, told.shipped_at) == ("G1", "SHOP42", AT)
    assert (told.carrier, told.tracking) == ("Fleet Post", "FP1")
    assert told.tracking_url == "https://track.example/FP1"


def test_order_is_the_linked_one_whatever_the_shipment_says_it_came_from() -> None:
    assert plan(shipment(order_key="TYPED-BY-HAND")).order_id == "SHOP42"


def test_goods_are_named_by_the_shops_ids_or_by_none() -> None:
    mug, cup = plan(shipment()).lines
    assert (mug.product_id, mug.quantity, mug.sku) == ("V7", Decimal("1.5"), "MUG")
    assert (cup.product_id, cup.quantity) == ("", Decimal(2))


@pytest.mark.parametrize("completes", [True, False])
def test_shop_is_told_whether_the_order_left_whole(completes: bool) -> None:
    assert plan(shipment(completes=completes)).completes is completes


def test_status_of_a_shipped_order_is_that_of_the_setting_or_none() -> None:
    assert plan(shipment(), settings={"completed_status": "completed"}).status == "completed"
    assert plan(shipment()).status == ""


def test_buyer_is_told_unless_the_merchant_does_not_want_it() -> None:
    assert plan(shipment()).notify
    assert plan(shipment(), settings={"notify": "yes"}).notify
    assert not plan(shipment(), settings={"notify": "no"}).notify


# --- which shipments ------------------------------------------------------------------------------


def test_shipment_that_left_for_an_order_of_this_shop_is_synced() -> None:
    assert why_no_fulfilment(shipment(), planning()) is None
    assert why_no_fulfilment(shipment(order_key=""), planning()) is None


@pytest.mark.parametrize("key", ["", "OTHER-SHOP-1"], ids=["by_hand", "of_another_shop"])
def test_shipment_of_an_order_that_did_not_come_from_this_shop_is_left_alone(key: str) -> None:
    why = why_no_fulfilment(shipment(order_key=key), planning(owners={}))
    assert why == "Its order did not come from this shop."


def test_order_on_its_way_holds_the_shipment_under_it() -> None:
    given: dict[str, Any] = {"owners": {}, "awaited": frozenset({"SHOP42"})}
    assert why_no_fulfilment(shipment(), planning(**given)) is None
    with pytest.raises(SyncFailure) as met:
        plan(shipment(), **given)
    assert (met.value.reason, met.value.cause) == (Reason.NEEDS_RECORD, "record:order:SHOP42")
    assert "SHOP42" in met.value.detail


def test_order_left_alone_by_a_rule_leaves_its_shipment_alone_with_the_reason() -> None:
    why = why_no_fulfilment(
        shipment(), planning(owners={}, left_alone={"SHOP42": "It is a draft."})
    )
    assert why == "Its order SHOP42 is not synced. It is a draft."


def test_linked_order_counts_more_than_another_of_its_key_that_was_left_alone() -> None:
    given = planning(left_alone={"SHOP42": "It is a draft."})
    assert why_no_fulfilment(shipment(), given) is None


def test_shipment_that_has_not_left_waits_for_its_next_change() -> None:
    one = shipment(shipped_at=None)
    assert why_no_fulfilment(one, planning()) == (
        "The goods have not left yet; it is synced once they have."
    )
    with pytest.raises(ValueError, match="has not left"):
        plan(one)


@pytest.mark.parametrize("at", [AT, None], ids=["after_it_left", "before"])
def test_cancelled_shipment_is_left_alone(at: datetime | None) -> None:
    one = shipment(cancelled=True, shipped_at=at)
    assert why_no_fulfilment(one, planning()) == "The shipment was cancelled."


def test_shipment_needs_the_links_of_its_goods_and_of_its_order() -> None:
    one = shipment()
    assert shipped_goods(one) == ("1007", "1008")
    assert shipped_order(one) == ("700",)
    assert (order_of_shop(one, FLOW), order_of_shop(shipment(order_key=""), FLOW)) == (
        "SHOP42",
        None,
    )
    assert shipped_at(one) == AT


# --- columns --------------------------------------------------------------------------------------


def test_columns_before_a_plan_do_not_guess_whose_order_it_is() -> None:
    columns = shipment_columns(Showing(record=shipment(order_key="SHOP42")))
    assert columns == {
        "shipment_id": "G1",
        "order_id": "700",
        "target_order_id": None,
        "carrier": "Fleet Post",
        "tracking": "FP1",
    }


def test_columns_of_a_plan_show_the_order_that_is_told() -> None:
    one = shipment(order_key="TYPED-BY-HAND")
    planned = Showing(record=one, desired=plan(one))
    synced = Showing(record=one, desired=plan(one), target_id="F1", synced=True)
    assert shipment_columns(planned)["target_order_id"] == "SHOP42"
    assert shipment_columns(synced) == shipment_columns(planned)


def test_order_of_another_account_is_not_of_this_shop() -> None:
    second = f"{FLOW}@shop-2"
    theirs = shipment(order_key="15@shop-2")
    assert (order_of_shop(theirs, FLOW), order_of_shop(theirs, second)) == (None, "15")
    assert order_of_shop(shipment(order_key="15"), second) is None
