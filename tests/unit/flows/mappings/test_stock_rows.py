"""What a stock row shows, and stock levels that are not sent."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.records import Count, StockLevel
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.counts import (
    count_from_level,
    linked_product,
    quantity_text,
    stock_columns,
    why_no_count,
)
from tests.builders import NOW

FLOW = "brightpearl-stock-to-square"
LEVEL = StockLevel(product_id="7", on_hand={"2": Decimal(5), "3": Decimal(2)}, name="M", sku="S-7")
COUNT = Count(
    product_id="7",
    variation_id="VAR7",
    quantities={"BATH": Decimal(0), "SOHO": Decimal("7")},
    counted_at=NOW,
)


def planning(**changes: Any) -> Planning:
    defaults: dict[str, Any] = {"linked": {"7": "VAR7"}, "counted_at": NOW}
    return Planning(
        flow=FLOW, target_connection="square", settings={}, mappings={}, **{**defaults, **changes}
    )


def test_stock_of_an_unlinked_product_waits_for_it() -> None:
    with pytest.raises(SyncFailure) as met:
        count_from_level(LEVEL, planning(linked={}))
    assert (met.value.reason, met.value.cause) == (Reason.NEEDS_RECORD, "record:product:7")
    assert "S-7" in met.value.detail
    assert linked_product(LEVEL) == ("7",)


def test_product_that_was_never_counted_anywhere_waits_for_a_mapping() -> None:
    nowhere = StockLevel(product_id="7", on_hand={})
    with pytest.raises(SyncFailure) as met:
        count_from_level(nowhere, planning())
    assert met.value.cause == f"mapping:{FLOW}:location:"


def test_untracked_product_is_never_set_to_nothing() -> None:
    assert why_no_count(LEVEL, planning()) is None
    untracked = StockLevel(product_id="7", on_hand={}, tracked=False)
    assert why_no_count(untracked, planning()) is not None


@pytest.mark.parametrize(
    ("quantity", "text"), [("20", "20"), ("0.50", "0.5"), ("0", "0"), ("1E+2", "100"), ("-3", "-3")]
)
def test_quantities_are_written_as_people_do(quantity: str, text: str) -> None:
    assert quantity_text(Decimal(quantity)) == text


def locations(**changes: Any) -> list[tuple[str, str, str]]:
    columns = stock_columns(Showing(record=LEVEL, desired=COUNT, **changes))
    return [(one["location"], one["quantity"], one["status"]) for one in columns["locations"]]


def test_row_without_a_plan_shows_what_the_source_has() -> None:
    columns = stock_columns(Showing(record=LEVEL))
    assert columns == {"name": "M", "sku": "S-7", "quantity": "7"}


def test_each_location_is_pending_until_the_row_was_seen_in_step() -> None:
    assert locations() == [("BATH", "0", "Pending"), ("SOHO", "7", "Pending")]
    assert locations(synced=True) == [("BATH", "0", "Synced"), ("SOHO", "7", "Synced")]


def test_each_location_tells_its_own_fate() -> None:
    parts = (
        Part(name="SOHO", quantity="7", ok=True),
        Part(name="BATH", quantity="0", ok=False, detail="x" * 500),
    )
    assert locations(parts=parts) == [("SOHO", "7", "Synced"), ("BATH", "0", "Failed")]
    shown = stock_columns(Showing(record=LEVEL, desired=COUNT, parts=parts))["locations"]
    assert [len(one["detail"]) for one in shown] == [0, 100]
