"""Stock level → count: what a till should hold of one product, by location."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from chalicelib.domain.causes import record_cause
from chalicelib.domain.reasons import Part, Reason, SyncFailure
from chalicelib.domain.records import Count, Sold, StockLevel
from chalicelib.domain.statuses import Kind, Status
from chalicelib.flows.declare import Planning, Showing
from chalicelib.flows.mappings.answers import mapped

NOWHERE = "-"  #: answer of a mapping: this warehouse's stock is not for the target


def count_from_level(level: StockLevel, planning: Planning) -> Count:
    """Plan the counts of a product.

    With 20 pieces in warehouse 2, mapped to L0NDON, and 1 sold there that the ERP does not know of
    yet, L0NDON is to hold 19. A warehouse that the source does not name holds nothing; a count is
    never below 0. A piece the ERP took off already, sold after the moment of counting, is told
    apart: the target takes it off by itself.

    Raises:
        SyncFailure: the product is not linked yet, or a warehouse has no location.
    """
    variation = planning.linked.get(level.product_id)
    if variation is None:
        raise SyncFailure(
            Reason.NEEDS_RECORD,
            f"Its product {level.sku or level.product_id} is not synced yet.",
            cause=record_cause(Kind.PRODUCT.value, level.product_id),
        )
    if planning.counted_at is None:
        raise ValueError("a count needs the moment it holds for")
    on_hand = dict(sorted(_by_location(level, planning).items()))
    sold = {location: planning.units.get((variation, location), Sold()) for location in on_hand}
    quantities = {
        location: max(quantity - sold[location].pending, Decimal(0))
        for location, quantity in on_hand.items()
    }
    return Count(
        product_id=level.product_id,
        variation_id=variation,
        quantities=quantities,
        counted_at=planning.counted_at,
        sold_since={location: one.since for location, one in sold.items() if one.since},
    )


def _by_location(level: StockLevel, planning: Planning) -> Mapping[str, Decimal]:
    table = planning.mappings.get("location")
    warehouses = set(level.on_hand) | set(table.entries if table else ())
    if not warehouses:
        mapped(planning, "location", "", sentence="No warehouse has a location at the target yet.")
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for warehouse in sorted(warehouses):
        location = mapped(
            planning,
            "location",
            warehouse,
            sentence=f"The warehouse {warehouse} has no location at the target yet.",
        )
        if location != NOWHERE:
            totals[location] += level.on_hand.get(warehouse, Decimal(0))
    return totals


def count_identity(count: Count) -> Any:
    """Return what makes two counts the same: where and how many, not when."""
    return {"variation": count.variation_id, "quantities": _texts(count.quantities)}


def _texts(quantities: Mapping[str, Decimal]) -> dict[str, str]:
    return {location: quantity_text(quantity) for location, quantity in quantities.items()}


def quantity_text(quantity: Decimal) -> str:
    """Write a quantity as people do: ``20``, ``0.5``."""
    return format(quantity.normalize(), "f")


def why_no_count(level: StockLevel, planning: Planning) -> str | None:
    """Say why a stock level is left alone: the source does not count it."""
    return None if level.tracked else "The source does not track the stock of this product."


def linked_product(level: StockLevel) -> Sequence[str]:
    """Ids whose links a stock level needs: its product's."""
    return (level.product_id,)


def stock_columns(showing: Showing) -> Mapping[str, Any]:
    """Columns of a stock row: one row per product, with what became of each location."""
    level: StockLevel = showing.record
    columns: dict[str, Any] = {"name": level.name[:200], "sku": level.sku}
    count: Count | None = showing.desired
    total = sum((count.quantities if count else level.on_hand).values(), Decimal(0))
    columns["quantity"] = quantity_text(total)
    if showing.parts:
        columns["locations"] = [_location(part) for part in showing.parts]
    elif count is not None:
        status = Status.SYNCED if showing.synced else Status.PENDING
        columns["locations"] = [
            {"location": name, "quantity": text, "status": status.value, "detail": ""}
            for name, text in _texts(count.quantities).items()
        ]
    return columns


def _location(part: Part) -> dict[str, str]:
    return {
        "location": part.name,
        "quantity": part.quantity,
        "status": (Status.SYNCED if part.ok else Status.FAILED).value,
        "detail": part.detail[:100],
    }
