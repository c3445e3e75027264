"""What a till should hold: the ERP's figures, less what was sold and is not there yet."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.domain.reasons import Reason, SyncFailure
from chalicelib.domain.records import Count, Sold, StockLevel
from chalicelib.domain.setup import MappingTable
from chalicelib.flows.declare import Planning
from chalicelib.flows.mappings.counts import NOWHERE, count_from_level, count_identity

FLOW = "brightpearl-stock-to-square"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def planning(entries: dict[str, str], **sold: Sold) -> Planning:
    table = MappingTable(consumer="acme", flow=FLOW, name="location", entries=entries)
    return Planning(
        flow=FLOW,
        target_connection="square",
        settings={},
        mappings={"location": table},
        linked={"1001": "VAR1"},
        units={("VAR1", location): one for location, one in sold.items()},
        counted_at=NOW,
    )


def count(on_hand: dict[str, int], plan: Planning) -> Count:
    held = {warehouse: Decimal(number) for warehouse, number in on_hand.items()}
    return count_from_level(StockLevel(product_id="1001", on_hand=held), plan)


def test_what_is_sold_and_not_in_the_erp_yet_is_taken_off() -> None:
    planned = count({"2": 20}, planning({"2": "SOHO"}, SOHO=Sold(pending=Decimal(3))))
    assert planned.quantities == {"SOHO": 17}
    assert planned.sold_since == {}


def test_what_the_erp_took_off_after_the_moment_of_counting_is_told_apart() -> None:
    planned = count({"2": 19}, planning({"2": "SOHO"}, SOHO=Sold(since=Decimal(1))))
    assert planned.quantities == {"SOHO": 19}
    assert planned.sold_since == {"SOHO": 1}


def test_two_counts_are_the_same_whenever_their_sales_were() -> None:
    plain = count({"2": 19}, planning({"2": "SOHO"}))
    lately = count({"2": 19}, planning({"2": "SOHO"}, SOHO=Sold(since=Decimal(1))))
    assert count_identity(plain) == count_identity(lately)


def test_a_count_is_never_below_nothing() -> None:
    planned = count({"2": 1}, planning({"2": "SOHO"}, SOHO=Sold(pending=Decimal(3))))
    assert planned.quantities == {"SOHO": 0}


def test_two_warehouses_of_one_location_are_added_and_an_unnamed_one_is_empty() -> None:
    plan = planning({"2": "SOHO", "3": "SOHO", "4": "BATH", "5": NOWHERE})
    assert count({"2": 5, "3": 4, "5": 9}, plan).quantities == {"SOHO": 9, "BATH": 0}


def test_a_warehouse_without_location_holds_the_row_under_its_mapping() -> None:
    with pytest.raises(SyncFailure) as raised:
        count({"2": 5, "3": 4}, planning({"2": "SOHO"}))
    assert raised.value.reason is Reason.NEEDS_MAPPING
    assert raised.value.cause == f"mapping:{FLOW}:location:3"
